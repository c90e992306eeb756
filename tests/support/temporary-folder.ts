import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** A folder of a test's own, for configuration and account files. `remove` it at the end. */
export class TemporaryFolder {
  readonly path = mkdtempSync(path.join(tmpdir(), 'benang-test-'));

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

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
