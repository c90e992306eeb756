import path from 'node:path';

const above = path.resolve(__dirname, '..', '..');

/** Where the compiler puts everything, seen from a source file as well as from a compiled one. */
export const compiledFolder = path.basename(above) === 'dist' ? above : path.join(above, 'dist');
