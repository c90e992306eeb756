/** Tables in a folder of their own, of records that a test writes by hand: the set-up that the tests of the tables share. */
import { Tables, type TablesOptions } from '../../workers/tables/tables';
import { RecordWriter } from './record-writer';
import { TemporaryFolder } from './temporary-folder';

/** When everything happens, unless a test says otherwise. */
export const writtenAtMs = 1_750_000_000_000;

export class WrittenTables {
  /** Holds what is yet to be applied. */
  readonly writer = new RecordWriter();

  private constructor(
    readonly folder: TemporaryFolder,
    readonly tables: Tables,
  ) {}

  static async open(options?: TablesOptions): Promise<WrittenTables> {
    const folder = new TemporaryFolder();
    return new WrittenTables(folder, await Tables.open(folder.file('tables'), options));
  }

  /** Writes the users `user1`, `user2`, … */
  writeUsers(count: number): void {
    for (let user = 1; user <= count; user += 1)
      this.writer.userCreated(user, writtenAtMs, `user${user}`, `User ${user}`, 'hash');
  }

  /** Applies what was written, as one run. */
  apply(atMs: number = writtenAtMs): void {
    const words = this.writer.taken();
    this.writer.clear();
    this.tables.apply(words, this.tables.applied + words.length, atMs);
  }

  async remove(): Promise<void> {
    await this.tables.close();
    this.folder.remove();
  }
}
