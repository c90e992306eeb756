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

  constructor(private readonly terminal: TerminalOutput) {
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
    if (!this.muted) this.terminal.write(chunk);
    done();
  }

  private readonly announceResize = (): void => {
    this.emit('resize');
  };
}
