/** Goal: a backup takes nothing away of another one that is made into the same folder, nor goes into the data itself. */
import fs from 'node:fs';
import path from 'node:path';
import { SegmentLog } from '../../shared/journal/segment-log';
import { SegmentReader } from '../../shared/journal/segment-reader';
import { type CopySource, copyData } from '../../workers/copy-data';
import { Tables } from '../../workers/tables/tables';
import { TemporaryFolder } from '../support/temporary-folder';

let folder: TemporaryFolder;
let target: string;
let tables: Tables;
let source: CopySource;

beforeEach(async () => {
  folder = new TemporaryFolder();
  target = folder.file('copy');
  fs.mkdirSync(target);
  const data = folder.file('data');
  tables = await Tables.open(path.join(data, 'tables'));
  const journal = path.join(data, 'journal');
  SegmentLog.open(journal).close();
  source = { folder: data, tables, segments: new SegmentReader(journal), applied: 0, durable: () => 0 };
});
afterEach(async () => {
  jest.restoreAllMocks();
  source.segments.close();
  await tables.close();
  folder.remove();
});

/** Right after the next look at whether the target is empty. */
function afterTheLook(act: () => void): void {
  const look = fs.readdirSync;
  jest.spyOn(fs, 'readdirSync').mockImplementationOnce(((name: string) => {
    const names = look(name);
    act();
    return names;
  }) as typeof fs.readdirSync);
}

test('one that begins at the same moment is refused, and the other goes on to its end', async () => {
  let other: Promise<void> | undefined;
  afterTheLook(() => {
    other = copyData(source, target);
  });
  await expect(copyData(source, target)).rejects.toMatchObject({ code: 'BACKUP_TARGET' });
  await other;
  expect(fs.readdirSync(target).sort()).toEqual(['journal', 'tables']);
});

test('one that finds the other complete is refused, and the copy stays', async () => {
  afterTheLook(() => {
    for (const name of ['journal', 'tables']) {
      fs.mkdirSync(path.join(target, name));
      fs.writeFileSync(path.join(target, name, 'file'), 'x');
    }
  });
  await expect(copyData(source, target)).rejects.toMatchObject({ code: 'BACKUP_TARGET' });
  expect(fs.readdirSync(target).sort()).toEqual(['journal', 'tables']);
  for (const name of ['journal', 'tables']) expect(fs.readdirSync(path.join(target, name))).toEqual(['file']);
});

test.each(['copy', '..copy', 'journal/copy'])(
  'into the data directory itself, as %s: refused',
  async (name) => {
    const link = folder.file('link');
    fs.symlinkSync(source.folder, link);
    for (const data of [source.folder, link]) {
      const inside = path.join(data, name);
      await expect(copyData(source, inside)).rejects.toMatchObject({ code: 'BACKUP_TARGET' });
      expect(fs.existsSync(inside)).toBe(false);
    }
  },
);

test('one that the disk has no room for says where to, and leaves the folder empty', async () => {
  jest
    .spyOn(tables, 'backup')
    .mockRejectedValueOnce(Object.assign(new Error('No space left on device'), { code: 28 }));
  await expect(copyData(source, target)).rejects.toMatchObject({
    code: 'BACKUP_FAILED',
    message: expect.stringMatching(/copy to .*copy: No space left on device/) as string,
  });
  expect(fs.readdirSync(target)).toEqual([]);
});
