/** A real filesystem of a few megabytes, which a test can fill. Only where the machine lets this process mount one. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export type FilesystemKind = 'tmpfs' | 'ext4';

export class SmallFilesystem {
  private constructor(
    readonly path: string,
    private readonly image: string | undefined,
  ) {}

  /** Undefined, after saying why, when it cannot be mounted. */
  static mount(kind: FilesystemKind, sizeMebibytes: number): SmallFilesystem | undefined {
    const folder = mkdtempSync(path.join(tmpdir(), 'benang-mount-'));
    const image = kind === 'ext4' ? `${folder}.image` : undefined;
    try {
      if (image === undefined) run('mount', '-t', 'tmpfs', '-o', `size=${sizeMebibytes}m`, 'tmpfs', folder);
      else {
        run('truncate', '-s', `${sizeMebibytes}M`, image);
        run('mkfs.ext4', '-q', '-F', image);
        run('mount', '-o', 'loop', image, folder);
      }
      return new SmallFilesystem(folder, image);
    } catch (error) {
      process.stdout.write(`skipped: no ${kind} could be mounted: ${String(error).split('\n')[0]!}\n`);
      rmSync(folder, { recursive: true });
      if (image !== undefined) rmSync(image, { force: true });
      return undefined;
    }
  }

  /**
   * Mounts a copy of what the device under an `ext4` holds now: what has not been written to it yet is not in the copy,
   * as after a power cut.
   */
  copyDevice(): SmallFilesystem {
    const folder = mkdtempSync(path.join(tmpdir(), 'benang-mount-'));
    const image = `${folder}.image`;
    run('cp', '--sparse=always', this.image!, image);
    run('mount', '-o', 'loop', image, folder);
    return new SmallFilesystem(folder, image);
  }

  /** From now on it can only be read. */
  makeReadOnly(): void {
    run('mount', '-o', 'remount,ro', this.path);
  }

  unmount(): void {
    run('umount', this.path);
    rmSync(this.path, { recursive: true });
    if (this.image !== undefined) rmSync(this.image);
  }
}

function run(command: string, ...parameters: string[]): void {
  execFileSync(command, parameters, { stdio: 'pipe' });
}
