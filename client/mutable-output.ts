import { Writable } from 'node:stream';

/** A stream that is, or behaves as, the writing side of a terminal. */
export interface TerminalOutput extends NodeJS.WritableStream {
  readonly columns: number;
  readonly rows: number;
}

/**
 * A terminal as node:readline writes to it, which can be made to swallow what it gets: readline echoes every key, and
 * a password must not be echoed.
 */
export class MutableOutput extends Writable {
  muted = false;

  /** @param isDumb whether the terminal obeys nothing, so that nothing to obey may be written to it */
  constructor(
    private readonly terminal: TerminalOutput,
    private readonly isDumb = false,
  ) {
    super({ decodeStrings: false });
    terminal.on('resize', this.announceResize);
    this.once('close', () => terminal.off('resize', this.announceResize));
  }

  /** readline wraps its line by these. */
  get columns(): number {
    return this.terminal.columns;
  }

  get rows(): number {
    return this.terminal.rows;
  }

  /** Calls back at once: a write held back here would overtake, or be overtaken by, what others print. */
  override _write(chunk: string | Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (!this.muted) this.terminal.write(this.isDumb ? plain(chunk) : chunk);
    done();
  }

  private readonly announceResize = (): void => {
    this.emit('resize');
  };
}

/** node:readline echoes every key to a dumb terminal, control characters among them. */
function plain(chunk: string | Buffer): string {
  return String(chunk).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '');
}
