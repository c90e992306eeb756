import { mkdtempSync, readdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { compiledFolder } from './compiled-folder';

/** `statfs` on a filesystem that is memory. */
const tmpfsType = 0x0102_1994;

/** A folder of a test's own, for configuration and account files. `remove` it at the end. */
export class TemporaryFolder {
  readonly path: string;

  constructor(parent = tmpdir()) {
    this.path = mkdtempSync(path.join(parent, 'benang-test-'));
  }

  /** One on a disk: where the system's place for temporary files is memory, it is beside the compiled files. */
  static onDisk(): TemporaryFolder {
    return new TemporaryFolder(statfsSync(tmpdir()).type === tmpfsType ? compiledFolder : tmpdir());
  }

  /** Writes a file and returns where it is. */
  write(name: string, text: string): string {
    const file = path.join(this.path, name);
    writeFileSync(file, text);
    return file;
  }

  /** Where a file of this name would be. */
  file(name: string): string {
    return path.join(this.path, name);
  }

  get isEmpty(): boolean {
    return readdirSync(this.path).length === 0;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
