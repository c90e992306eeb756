import path from 'node:path';

/** Where the threads' compiled code lies: the one place where the server reaches `workers/`. */
export const workersFolder = path.join(__dirname, '..', 'workers');
