// Goal: a process that is killed while it reads the tables does not make their file grow for ever.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import path from 'node:path';
import { Environment } from '../../workers/tables/environment';
import { compiledFolder } from '../support/compiled-folder';
import { TemporaryFolder } from '../support/temporary-folder';

const rowCount = 50;
const rowBytes = 2_000;
const writesPerRound = 100;

let folder: TemporaryFolder;
let tables: string;
let environment: Environment;

beforeEach(() => {
  folder = new TemporaryFolder();
  tables = folder.file('tables');
  environment = Environment.open(tables, false);
});
afterEach(async () => {
  await environment.close();
  folder.remove();
});

/** Writes the same rows over and over again. Returns how much the file has grown. */
function rewrite(): number {
  const file = path.join(tables, 'data.mdb');
  const beforeBytes = statSync(file).size;
  const table = environment.table('rows');
  for (let round = 0; round < writesPerRound; round += 1)
    environment.write(() => {
      for (let row = 0; row < rowCount; row += 1)
        table.put(Buffer.from([row]), Buffer.alloc(rowBytes, round));
    });
  return statSync(file).size - beforeBytes;
}

/** A process that is killed in the midst of reading. */
async function killReader(): Promise<void> {
  const script = `
    const { Environment } = require(${JSON.stringify(path.join(compiledFolder, 'workers', 'tables', 'environment.js'))});
    Environment.open(process.argv[1], true).table('rows').entries()[Symbol.iterator]().next();
    process.send('reading');
    for (;;);`;
  const reader = spawn(process.execPath, ['-e', script, tables], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  await once(reader, 'message');
  reader.kill('SIGKILL');
  await once(reader, 'exit');
}

test('what it could see is used again, once it is known to be dead', async () => {
  rewrite();
  expect(rewrite()).toBe(0);
  await killReader();
  // As long as nobody looks, it might go on reading.
  expect(rewrite()).toBeGreaterThan(writesPerRound * rowBytes);
  environment.forgetDeadReaders();
  // The free pages are taken stock of once more.
  rewrite();
  expect(rewrite()).toBe(0);
});
