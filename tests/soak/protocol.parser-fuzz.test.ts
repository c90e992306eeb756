/** Goal: minutes of inputs that follow the parser's code find none that it understands in another way than PROTOCOL.md. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { answersOf } from '../support/compiled-worker';
import type { ParserFuzzAnswer, ParserFuzzRequest } from '../support/parser-fuzz-worker';

const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);
const corpusFile = path.resolve(__dirname, '..', 'fuzz', 'corpus', 'requests.json');
const corpus = JSON.parse(readFileSync(corpusFile, 'utf8')) as string[];

test(`coverage-guided fuzzing of the request parser (seed ${seed})`, async () => {
  const request: ParserFuzzRequest = { corpus, durationMs: 120_000, seed };
  const [answer] = await answersOf<ParserFuzzAnswer>('parser-fuzz-worker.js', [request]);
  process.stdout.write(`parser fuzzing: ${JSON.stringify(answer)}\n`);
  expect(answer!.runs).toBeGreaterThan(100_000);
});
