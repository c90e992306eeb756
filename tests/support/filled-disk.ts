/** Fills what is left of a small filesystem with one file, and gives the space back. */
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';

const chunkBytes = 65_536;
const chunk = Buffer.alloc(chunkBytes, 0x2e);

export class FilledDisk {
  private readonly file: string;

  constructor(folder: string) {
    this.file = path.join(folder, 'ballast');
  }

  /** Takes all the space there is, to the last block. */
  fill(): void {
    const descriptor = openSync(this.file, 'w');
    try {
      for (let lengthBytes = chunkBytes; lengthBytes >= 1;) {
        try {
          writeSync(descriptor, chunk, 0, lengthBytes);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
          lengthBytes >>= 1;
        }
      }
    } finally {
      closeSync(descriptor);
    }
  }

  free(): void {
    rmSync(this.file);
  }
}
