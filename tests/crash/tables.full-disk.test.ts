/** Goal: a disk that takes no more is said so, nothing is lost or torn, and with room again it goes on. */
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { FullDiskReport } from '../support/table-full-disk-process';
import { RecordWriter } from '../support/record-writer';
import { TemporaryFolder } from '../support/temporary-folder';
import { Tables } from '../../workers/tables/tables';

const program = path.resolve(__dirname, '../../dist/tests/support/table-full-disk-process.js');
/** In the shell's blocks of 512 bytes, or of 1,024: it does not matter which. */
const fileBlocksMax = 6_000;
const runMessages = 5_000;

test('a full disk: DATA_WRITE_FAILED, the tables as they were, and on when there is room', async () => {
  const folder = new TemporaryFolder();
  const data = folder.file('tables');
  const script = `ulimit -f ${fileBlocksMax}; exec "$0" "$@"`;
  const { stdout } = await promisify(execFile)('sh', ['-c', script, process.execPath, program, data]);
  const report = JSON.parse(stdout) as FullDiskReport;
  expect(report.code).toBe('DATA_WRITE_FAILED');
  expect(new Set(report.applied).size).toBe(1);
  expect(report.unreadCount % runMessages).toBe(0);
  expect(report.findingCount).toBe(0);

  const tables = await Tables.open(data);
  expect(tables.applied).toBe(report.applied[0]);
  const writer = new RecordWriter();
  for (let count = 1; count <= runMessages; count += 1)
    writer.message(1, 1, report.unreadCount + count, 0, 'halo, apa kabar?');
  const words = writer.taken();
  tables.apply(words, tables.applied + words.length, 0);
  expect([...tables.unread()]).toHaveLength(report.unreadCount + runMessages);
  expect(tables.check()).toEqual([]);
  await tables.close();
  folder.remove();
});
