/** What `search` and `history` take over much history, through the real server: alone, and while messages come in. */
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { dataFolders } from '../../shared/journal/data-folders';
import { SegmentLog } from '../../shared/journal/segment-log';
import { Tables } from '../../workers/tables/tables';
import { LineSocket } from '../support/line-socket';
import { writeUsers } from '../support/prepared-data';
import { RandomNumbers } from '../support/random-numbers';
import { RecordWriter } from '../support/record-writer';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';
import { describeMachine, machineMarkdown } from './machine';
import { markdownTable } from './markdown-table';

const userCount = 1_000;
/** As many words as a language's everyday ones, the first of them most often: about as natural texts have them. */
const vocabulary = Array.from({ length: 20_000 }, (_, index) => `kata${index.toString(36)}`);
const wordsPerMessage = { min: 3, max: 12 };
const runBytes = 16 * 1_048_576;
const sendsPerTick = 10;
const tickMs = 10;
const threads = 2;

export interface SearchFigures {
  readonly what: string;
  readonly requests: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Found, on average. */
  readonly messages: number;
}

export interface SearchLatency {
  readonly messageCount: number;
  readonly applySeconds: number;
  readonly dataBytes: number;
  readonly figures: readonly SearchFigures[];
}

type CreateRequest = (random: RandomNumbers, tokens: readonly string[]) => string;

const requests: readonly (readonly [string, CreateRequest])[] = [
  ['search: a word as it is said', (random, tokens) => `search ${random.of(tokens)} ${saidWord(random)}`],
  ['search: any word', (random, tokens) => `search ${random.of(tokens)} ${random.of(vocabulary)}`],
  [
    'search: two words as they are said',
    (random, tokens) => `search ${random.of(tokens)} ${saidWord(random)} ${saidWord(random)}`,
  ],
  [
    'search: a word that nobody said',
    (random, tokens) => `search ${random.of(tokens)} nirwana${random.below(99)}`,
  ],
  [
    'search: one conversation',
    (random, tokens) => `search ${random.of(tokens)} ${saidWord(random)} @user${1 + random.below(userCount)}`,
  ],
  [
    'history: the newest page',
    (random, tokens) => `history ${random.of(tokens)} user${1 + random.below(userCount)}`,
  ],
];

/** Fills a data directory with messages of 1,000 users, starts a server on it, and asks. */
export async function searchLatency(
  messageCount: number,
  requestCount: number,
  tell: (line: string) => void,
): Promise<SearchLatency> {
  const folder = TemporaryFolder.onDisk();
  try {
    const data = folder.file('data');
    const filled = await fill(data, messageCount);
    tell(`${messageCount} messages are in the tables`);
    const server = await ServerProcess.start(['--threads', String(threads)], { data });
    try {
      const figures = await askAll(server, filled.tokens, requestCount, tell);
      return { messageCount, applySeconds: filled.applySeconds, dataBytes: filled.dataBytes, figures };
    } finally {
      await server.stop();
    }
  } finally {
    folder.remove();
  }
}

async function askAll(
  server: ServerProcess,
  tokens: readonly string[],
  requestCount: number,
  tell: (line: string) => void,
): Promise<SearchFigures[]> {
  const client = await LineSocket.connect(server.address, { timeoutMs: 60_000 });
  const random = new RandomNumbers(4);
  const figures: SearchFigures[] = [];
  for (const [what, create] of requests) {
    const requestOf = (): string => create(random, tokens);
    figures.push(await measure(client, what, requestOf, requestCount));
    tell(`${what}: done`);
  }
  const stop = await startSending(server, tokens);
  const [, create] = requests[0]!;
  const what = `the first, while ${(sendsPerTick * 1_000) / tickMs} messages/s come in`;
  figures.push(await measure(client, what, () => create(random, tokens), requestCount));
  await stop();
  client.destroy();
  return figures;
}

/** One request at a time; the first ones, in which the server's code is compiled, do not count. */
async function measure(
  client: LineSocket,
  what: string,
  createRequest: () => string,
  requestCount: number,
): Promise<SearchFigures> {
  for (let request = 0; request < requestCount / 10; request += 1) await client.ask(createRequest());
  const latenciesMs: number[] = [];
  let messages = 0;
  for (let request = 0; request < requestCount; request += 1) {
    const startMs = performance.now();
    const reply = await client.ask(createRequest());
    latenciesMs.push(performance.now() - startMs);
    if (!reply.startsWith('{"status": "OK"')) throw new Error(reply);
    messages += reply.split('"id": ').length - 1;
  }
  latenciesMs.sort((left, right) => left - right);
  const at = (share: number): number => latenciesMs[Math.ceil(latenciesMs.length * share) - 1]!;
  const mean = messages / requestCount;
  return { what, requests: requestCount, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(1), messages: mean };
}

/** Messages of all to all at a steady rate, until the function returned is called. */
async function startSending(server: ServerProcess, tokens: readonly string[]): Promise<() => Promise<void>> {
  const sender = await LineSocket.connect(server.address, { timeoutMs: 60_000 });
  const random = new RandomNumbers(5);
  let sent = 0;
  const timer = setInterval(() => {
    for (let count = 0; count < sendsPerTick; count += 1) {
      sender.write(`send ${random.of(tokens)} user${1 + random.below(userCount)} ${saidText(random)}\n`);
      sent += 1;
    }
  }, tickMs);
  return async () => {
    clearInterval(timer);
    await sender.frames(sent);
    sender.destroy();
  };
}

interface Filled {
  readonly tokens: readonly string[];
  readonly applySeconds: number;
  readonly dataBytes: number;
}

/** Writes the tables as the table thread would, and an empty journal that begins where they end. */
async function fill(data: string, messageCount: number): Promise<Filled> {
  mkdirSync(data);
  const folders = dataFolders(data);
  const tables = await Tables.open(folders.tables);
  const writer = new RecordWriter();
  const random = new RandomNumbers(3);
  const nowMs = Date.now();
  const tokens = writeUsers(writer, userCount, nowMs);
  let [applyMs, sequence] = [0, 0];
  const apply = (): void => {
    for (let user = 1; user <= userCount; user += 1) writer.read(user, sequence);
    const words = writer.taken();
    writer.clear();
    const startMs = performance.now();
    tables.apply(words, tables.applied + words.length, nowMs);
    applyMs += performance.now() - startMs;
  };
  while (sequence < messageCount) {
    sequence += 1;
    const [sender, receiver] = [1 + random.below(userCount), 1 + random.below(userCount)];
    writer.message(receiver, sender, sequence, nowMs, saidText(random));
    if (writer.length * 4 >= runBytes) apply();
  }
  apply();
  SegmentLog.open(folders.journal, { startPosition: tables.applied }).close();
  await tables.close();
  const dataBytes = statSync(path.join(folders.tables, 'data.mdb')).size;
  return { tokens, applySeconds: applyMs / 1_000, dataBytes };
}

/** The n-th word comes about 1/n as often as the first. */
function saidWord(random: RandomNumbers): string {
  const share = (random.below(1_000_000) + 1) / 1_000_000;
  return vocabulary[Math.floor(vocabulary.length ** share) - 1]!;
}

function saidText(random: RandomNumbers): string {
  const { min, max } = wordsPerMessage;
  const count = min + random.below(max - min + 1);
  return Array.from({ length: count }, () => saidWord(random)).join(' ');
}

export function searchLatencyMarkdown({
  messageCount,
  applySeconds,
  dataBytes,
  figures,
}: SearchLatency): string {
  const rows = figures.map(({ what, requests: count, p50Ms, p99Ms, maxMs, messages }) => [
    what,
    String(count),
    ...[p50Ms, p99Ms, maxMs, messages].map((value) => value.toFixed(1)),
  ]);
  return [
    machineMarkdown(describeMachine()),
    `- ${messageCount} messages of ${userCount} users to each other, ${wordsPerMessage.min} to ${wordsPerMessage.max} of ` +
      `${vocabulary.length} words each; one request at a time`,
    `- Brought into the tables at ${Math.round(messageCount / applySeconds)} messages/s; ` +
      `${Math.round(dataBytes / messageCount)} bytes on disk a message`,
    '',
    markdownTable(['request', 'requests', 'p50 ms', 'p99 ms', 'max ms', 'messages found'], rows),
    '',
  ].join('\n');
}
