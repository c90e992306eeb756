/** Goal: data that is not ours to open is refused with a code, and never opened half. */
import { mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RecordScenario, scenarioNowMs, seededSteps } from '../support/record-scenario';
import { contentsOf } from '../support/table-model';
import { TemporaryFolder } from '../support/temporary-folder';
import { Environment } from '../../workers/tables/environment';
import { writeNumberRow } from '../../workers/tables/rows';
import { dataFormat } from '../../workers/tables/table-set';
import { Tables } from '../../workers/tables/tables';

let folder: TemporaryFolder;
let data: string;

beforeEach(() => {
  folder = new TemporaryFolder();
  data = folder.file('with.dot');
});
afterEach(() => {
  folder.remove();
});

async function fill(): Promise<Tables> {
  const scenario = RecordScenario.of(6, seededSteps(7, 300));
  const tables = await Tables.open(data);
  tables.apply(scenario.words, scenario.words.length, scenarioNowMs);
  return tables;
}

async function edit(change: (environment: Environment) => void): Promise<void> {
  const environment = Environment.open(data, false);
  change(environment);
  await environment.close();
}

test('a fresh folder and its files are the owner’s alone', async () => {
  const tables = await Tables.open(data);
  expect(tables.applied).toBe(0);
  expect([...tables.users(), ...tables.sessions(), ...tables.unread()]).toEqual([]);
  expect(tables.check()).toEqual([]);
  await tables.close();
  expect(statSync(data).mode & 0o777).toBe(0o700);
  expect(statSync(path.join(data, 'data.mdb')).mode & 0o777).toBe(0o600);
  expect(statSync(path.join(data, 'lock.mdb')).mode & 0o777).toBe(0o600);
});

test('nothing there, read-only: DATA_MISSING, and nothing is made', async () => {
  await expect(Tables.open(data, { readOnly: true })).rejects.toMatchObject({ code: 'DATA_MISSING' });
  expect(() => statSync(data)).toThrow('ENOENT');
});

test('another format: DATA_FORMAT_UNKNOWN names both, read-only or not', async () => {
  await (await fill()).close();
  await edit((environment) => {
    const meta = environment.table('meta');
    environment.write(() => {
      meta.put(Buffer.from('format'), writeNumberRow(7));
    });
  });
  for (const readOnly of [false, true]) {
    await expect(Tables.open(data, { readOnly })).rejects.toMatchObject({
      code: 'DATA_FORMAT_UNKNOWN',
      message: `the data is of format 7, this version supports format ${dataFormat}`,
    });
  }
});

test.each(['format', 'applied', 'sequence'])('without its %s: DATA_DAMAGED', async (word) => {
  await (await fill()).close();
  await edit((environment) => {
    const meta = environment.table('meta');
    environment.write(() => meta.remove(Buffer.from(word)));
  });
  await expect(Tables.open(data)).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
});

test.each([
  ['noise', Buffer.alloc(20_000, 7)],
  ['a few bytes', Buffer.from('hello')],
  ['zeros', Buffer.alloc(8_192)],
])('a data file of %s: DATA_DAMAGED', async (_, bytes) => {
  mkdirSync(data);
  writeFileSync(path.join(data, 'data.mdb'), bytes);
  await expect(Tables.open(data)).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
});

test('a making that was interrupted before the first byte is begun again', async () => {
  mkdirSync(data);
  writeFileSync(path.join(data, 'data.mdb'), '');
  const tables = await Tables.open(data);
  expect(tables.applied).toBe(0);
  await tables.close();
});

test('a data file that has lost its end: DATA_DAMAGED, read-only or not', async () => {
  await (await fill()).close();
  const file = path.join(data, 'data.mdb');
  const whole = readFileSync(file);
  for (const readOnly of [true, false]) {
    writeFileSync(file, whole);
    truncateSync(file, Math.floor(whole.length / 2));
    await expect(Tables.open(data, { readOnly })).rejects.toMatchObject({ code: 'DATA_DAMAGED' });
  }
});

test('a reader beside the writer sees what was applied', async () => {
  const tables = await fill();
  const reader = await Tables.open(data, { readOnly: true });
  expect(contentsOf(reader, 50)).toEqual(contentsOf(tables, 50));
  await reader.close();
  await tables.close();
});
