/**
 * Fuzzing that follows the code: batches of inputs that make a block of it run for the first time are kept, and changed
 * further.
 * V8 itself counts the blocks, so the code under test is the one that ships, without instrumentation.
 */
import { Session } from 'node:inspector';
import type { RandomNumbers } from './random-numbers';

export interface FuzzTotals {
  readonly runs: number;
  readonly blocks: number;
  /** Batches of inputs that reached new blocks, after those given. */
  readonly corpus: readonly Buffer[];
}

/** Inputs between two looks at the coverage. A look costs as much as thousands of inputs. */
const batchSize = 200;
const corpusMax = 5_000;
const inputBytesMax = 400;

/** Calls `judge` with input after input until the time is over; it throws when something is wrong. */
export function fuzz(
  judge: (input: Buffer) => void,
  seeds: readonly Buffer[],
  words: readonly string[],
  coveredFiles: RegExp,
  durationMs: number,
  random: RandomNumbers,
): FuzzTotals {
  const coverage = new BlockCoverage(coveredFiles);
  const corpus = [...seeds];
  for (const input of corpus) judged(judge, input);
  coverage.countNew();
  let runs = corpus.length;
  const endMs = Date.now() + durationMs;
  while (Date.now() < endMs) {
    const batch = Array.from({ length: batchSize }, () => mutant(corpus, words, random));
    for (const input of batch) judged(judge, input);
    runs += batch.length;
    if (coverage.countNew() > 0) corpus.push(...batch);
    if (corpus.length > corpusMax) corpus.splice(seeds.length, batchSize);
  }
  return { runs, blocks: coverage.close(), corpus };
}

function judged(judge: (input: Buffer) => void, input: Buffer): void {
  try {
    judge(input);
  } catch (error) {
    throw new Error(`${JSON.stringify(input.toString('latin1'))}: ${String(error)}`, { cause: error });
  }
}

function mutant(corpus: readonly Buffer[], words: readonly string[], random: RandomNumbers): Buffer {
  let bytes = random.of(corpus);
  for (let changes = 1 + random.below(4); changes > 0; changes -= 1) {
    const from = random.below(bytes.length + 1);
    const to = Math.min(bytes.length, from + random.below(8));
    const inserted = insertions[random.below(insertions.length)]!(random, words, corpus);
    bytes = Buffer.concat([
      bytes.subarray(0, from),
      inserted,
      bytes.subarray(random.below(2) === 0 ? from : to),
    ]);
  }
  return bytes.subarray(0, inputBytesMax);
}

type Insertion = (random: RandomNumbers, words: readonly string[], corpus: readonly Buffer[]) => Buffer;
const insertions: readonly Insertion[] = [
  (random, words) => Buffer.from(random.of(words)),
  (random) => Buffer.of(random.below(256)),
  (random) => Buffer.alloc(random.below(40), random.below(256)),
  (random, _, corpus) => {
    const other = random.of(corpus);
    return other.subarray(random.below(other.length + 1));
  },
  () => Buffer.alloc(0),
];

/** Which blocks of some files have run. */
class BlockCoverage {
  private readonly session = new Session();
  private readonly seen = new Set<string>();

  constructor(private readonly files: RegExp) {
    this.session.connect();
    this.session.post('Profiler.enable');
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** How many blocks have run that had not by the last look. */
  countNew(): number {
    const before = this.seen.size;
    // A session of one's own thread answers before `post` returns.
    this.session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error !== null) throw error;
      for (const { url, functions } of result.filter((script) => this.files.test(script.url)))
        for (const { ranges } of functions)
          for (const { startOffset, endOffset, count } of ranges)
            if (count > 0) this.seen.add(`${url}:${startOffset}-${endOffset}`);
    });
    return this.seen.size - before;
  }

  close(): number {
    this.session.disconnect();
    return this.seen.size;
  }
}
