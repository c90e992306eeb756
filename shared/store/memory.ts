/** Turns of the event loop before a thread that must not block has itself woken: with nothing to do, some 10 µs. */
const looksMax = 4;

/**
 * The shared memory as the store sees it. Every access to a control word goes through here, so that tests can stop a
 * thread before any one of them; in production the methods are inlined and cost nothing.
 *
 * Plain `read` and `write` are for words that the lock held by the caller protects: the lock's own atomics order them
 * between threads. Everything that is looked at without a lock uses the atomic methods.
 */
export class Memory {
  readonly words: Int32Array;
  readonly bytes: Uint8Array;
  readonly view: DataView;

  constructor(readonly buffer: SharedArrayBuffer) {
    this.words = new Int32Array(buffer);
    this.bytes = new Uint8Array(buffer);
    this.view = new DataView(buffer);
  }

  read(word: number): number {
    return this.words[word]!;
  }

  /** A time in seconds since 1970: from 2038 on it needs the word's highest bit. */
  readSeconds(word: number): number {
    return this.read(word) >>> 0;
  }

  write(word: number, value: number): void {
    this.words[word] = value;
  }

  load(word: number): number {
    return Atomics.load(this.words, word);
  }

  store(word: number, value: number): void {
    Atomics.store(this.words, word, value);
  }

  /** Returns the value found; the exchange happened when it equals `expected`. */
  compareExchange(word: number, expected: number, replacement: number): number {
    return Atomics.compareExchange(this.words, word, expected, replacement);
  }

  exchange(word: number, value: number): number {
    return Atomics.exchange(this.words, word, value);
  }

  wait(word: number, value: number, timeoutMs: number): 'ok' | 'not-equal' | 'timed-out' {
    return Atomics.wait(this.words, word, value, timeoutMs);
  }

  /**
   * Calls back once a word is not `value` any more, or was notified while it was slept on: for a thread that must not
   * block. Whoever has other things to do looks again after each turn of the event loop; only who has not is to be woken,
   * which costs both sides several microseconds (ADR 0013).
   */
  onceChanged(word: number, value: number, callback: () => void): void {
    let looks = 0;
    const look = (): void => {
      if (this.load(word) !== value) callback();
      else if (looks < looksMax) {
        looks += 1;
        setImmediate(look);
      } else this.onceWoken(word, value, callback);
    };
    setImmediate(look);
  }

  private onceWoken(word: number, value: number, callback: () => void): void {
    const wait = Atomics.waitAsync(this.words, word, value);
    if (wait.async) void wait.value.then(callback);
    else queueMicrotask(callback);
  }

  notify(word: number, count: number): number {
    return Atomics.notify(this.words, word, count);
  }

  /** Copies whole words into memory that nothing links to yet. */
  writeWords(word: number, source: Int32Array, sourceStart: number, count: number): void {
    const { words } = this;
    for (let index = 0; index < count; index += 1) words[word + index] = source[sourceStart + index]!;
  }
}
