/** Fuzzes the request parser against the grammar's plain form, in a thread of compiled code. */
import { parentPort, workerData } from 'node:worker_threads';
import { lineOutcome, RequestParser } from '../../shared/protocol/request-parser';
import { commandTable } from '../../workers/command-table';
import { fuzz } from './coverage-guided-fuzz';
import { RandomNumbers } from './random-numbers';
import { referenceParse } from './request-reference';

export interface ParserFuzzRequest {
  /** In latin1, a character a byte. */
  readonly corpus: readonly string[];
  readonly durationMs: number;
  readonly seed: number;
}

export interface ParserFuzzAnswer {
  readonly runs: number;
  readonly blocks: number;
  readonly kept: number;
}

const lineBytesMax = 120;
const parser = new RequestParser(commandTable, lineBytesMax);
const { corpus, durationMs, seed } = workerData as ParserFuzzRequest;

const words = [
  ...commandTable.map(({ name }) => `${name} `),
  '0f8fad5b-d9cb-469f-a165-70867728950e ',
  'messi',
  '#room',
  '1000',
  '1-R1',
  '\t',
  '\r',
  '\u00e9',
  '💬',
  '\\"',
];

/** Every line of the input, after each other in one run of lines as they come from a socket. */
function judge(input: Buffer): void {
  const lines = Buffer.concat([input, Buffer.from('\n')]);
  for (let at = 0; at < lines.length;) {
    const end = lines.indexOf(0x0a, at);
    const outcome = parser.parseLine(lines, at, lines.length);
    if (parser.nextLine !== end + 1) throw new Error(`the next line begins at ${parser.nextLine}`);
    const expected = referenceParse(Buffer.from(lines.subarray(at, end)), commandTable, lineBytesMax);
    const expectedName = typeof expected === 'string' ? expected : expected.command;
    const found = nameOf(outcome);
    if (found !== expectedName) throw new Error(`${found} instead of ${expectedName} at ${at}`);
    at = end + 1;
  }
}

function nameOf(outcome: number): string {
  if (outcome === lineOutcome.tooLong) return 'LINE_TOO_LONG';
  if (outcome === lineOutcome.badRequest) return 'BAD_REQUEST';
  if (outcome === lineOutcome.badCommand) return 'BAD_COMMAND';
  return commandTable[outcome]!.name;
}

const totals = fuzz(
  judge,
  corpus.map((input) => Buffer.from(input, 'latin1')),
  words,
  /shared\/protocol\//,
  durationMs,
  new RandomNumbers(seed),
);
const answer: ParserFuzzAnswer = {
  runs: totals.runs,
  blocks: totals.blocks,
  kept: totals.corpus.length - corpus.length,
};
parentPort!.postMessage(answer);
