/** Goal: the kept corpus, and what two seconds of coverage-guided fuzzing make of it, is understood as PROTOCOL.md says. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { answersOf } from '../support/compiled-worker';
import type { ParserFuzzAnswer, ParserFuzzRequest } from '../support/parser-fuzz-worker';

const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);
const corpusFile = path.resolve(__dirname, '..', 'fuzz', 'corpus', 'requests.json');
const corpus = JSON.parse(readFileSync(corpusFile, 'utf8')) as string[];

test(`the request parser (seed ${seed})`, async () => {
  const request: ParserFuzzRequest = { corpus, durationMs: 2_000, seed };
  const [answer] = await answersOf<ParserFuzzAnswer>('parser-fuzz-worker.js', [request]);
  expect(answer!.runs).toBeGreaterThan(corpus.length);
  expect(answer!.blocks).toBeGreaterThan(50);
});
