/** Goal: a backup is whole although the tables go on changing; an export holds all of one user and no secret. */
import { statSync } from 'node:fs';
import path from 'node:path';
import { RecordScenario, modelUpTo, scenarioNowMs, seededSteps } from '../support/record-scenario';
import { contentsOf } from '../support/table-model';
import type { TemporaryFolder } from '../support/temporary-folder';
import { WrittenTables, writtenAtMs as nowMs } from '../support/written-tables';
import { Tables } from '../../workers/tables/tables';

let written: WrittenTables;
let folder: TemporaryFolder;
let tables: Tables;

beforeEach(async () => {
  written = await WrittenTables.open();
  ({ folder, tables } = written);
});
afterEach(async () => {
  await written.remove();
});

test('a backup taken between changes holds what was applied at one moment', async () => {
  const scenario = RecordScenario.of(6, seededSteps(3, 800));
  const { words, boundaries } = scenario;
  let backup: Promise<void> | undefined;
  for (let index = 0; index < boundaries.length - 1; index += 50) {
    const [from, upTo] = [boundaries[index]!, boundaries[Math.min(index + 50, boundaries.length - 1)]!];
    tables.apply(words.subarray(from, upTo), upTo, scenarioNowMs);
    backup ??= tables.backup(folder.file('copy'));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await backup;
  const copy = await Tables.open(folder.file('copy'), { readOnly: true });
  expect(boundaries).toContain(copy.applied);
  expect(contentsOf(copy, 100)).toEqual(modelUpTo(words, copy.applied).contents());
  expect(copy.check()).toEqual([]);
  await copy.close();
  expect(statSync(folder.file('copy')).mode & 0o777).toBe(0o700);
  expect(statSync(path.join(folder.file('copy'), 'data.mdb')).mode & 0o777).toBe(0o600);
});

test('a backup into a folder with data is refused: DATA_EXISTS', async () => {
  await tables.backup(folder.file('copy'));
  await expect(tables.backup(folder.file('copy'))).rejects.toMatchObject({ code: 'DATA_EXISTS' });
});

test('an export has the account, its rooms, what is unread and what was said, in the peers’ names', async () => {
  const { writer } = written;
  writer
    .userCreated(1, nowMs, 'budi', 'Budi \\"\\u00e9', 'secret-hash')
    .userCreated(2, nowMs, 'siti', 'Siti', 'h')
    .userCreated(3, nowMs, 'tono', 'Tono', 'h')
    .sessionOpened(Int32Array.of(1, 2, 3, 4), 1, 5);
  writer
    .message(1, 2, 1, nowMs, 'halo\\u0021')
    .message(2, 1, 2, nowMs + 1, 'hai')
    .message(3, 2, 3, nowMs, 'other')
    .message(1, 3, 4, nowMs + 2, 'apa')
    .read(1, 1);
  writer
    .roomCreated(7, 2, 5, nowMs, 'pasar')
    .message(-7, 2, 6, nowMs, 'before budi came')
    .roomJoined(7, 1, 7, nowMs + 3)
    .message(-7, 1, 8, nowMs, 'salam')
    .message(-7, 2, 9, nowMs + 4, 'salam juga')
    .userRemoved(3);
  written.apply();
  const lines: object[] = [];
  for await (const line of tables.exportUser('budi')) lines.push(line);
  expect(lines.slice(0, 4)).toEqual([
    {
      type: 'account',
      username: 'budi',
      displayName: 'Budi "é',
      createdAt: '2025-06-15T15:06:40.000Z',
      sessionCount: 1,
    },
    { type: 'room', room: '#pasar', isOwner: false, joinedAt: '2025-06-15T15:06:40.003Z' },
    { type: 'unread', sequence: 4, from: 'tono', to: 'budi', at: '2025-06-15T15:06:40.002Z', text: 'apa' },
    {
      type: 'unread',
      ...{ sequence: 9, from: 'siti', to: '#pasar', at: '2025-06-15T15:06:40.004Z', text: 'salam juga' },
    },
  ]);
  const history = lines.slice(4).map((line) => line as { from: string; to: string; text: string });
  expect(history.map(({ from, to, text }) => `${from} ${to} ${text}`).sort()).toEqual([
    'budi #pasar salam',
    'budi siti hai',
    'siti #pasar salam juga',
    'siti budi halo!',
    'tono budi apa',
  ]);
  expect(JSON.stringify(lines)).not.toContain('secret-hash');
  for (const name of ['tono', 'nobody'])
    for await (const line of tables.exportUser(name)) throw new Error(`exported ${JSON.stringify(line)}`);
});
