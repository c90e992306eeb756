// Goal: 64 connections send to one user while 8 read that inbox: every message once, each sender's in order.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const senderCount = 64;
const readerCount = 8;
const messagesEach = 60;
const inFlightMax = 6;
const sent = '{"status": "OK", "message": "Message Sent"}\r\n\r\n';

/** What one `inbox` handed over. Times are in the order of events of this process. */
interface Reading {
  readonly askedAt: number;
  readonly answeredAt: number;
  /** Sender's username → the numbers of its messages, as listed. */
  readonly numbers: ReadonlyMap<string, readonly number[]>;
}

let server: ServerProcess;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'benang-accounts-'));
  const usernames = ['reader', ...Array.from({ length: senderCount }, (_, index) => `sender-${index}`)];
  const lines = usernames.map((username) =>
    JSON.stringify({ username, password: 'rahasia', name: username }),
  );
  writeFileSync(path.join(folder, 'users.jsonl'), `${lines.join('\n')}\n`);
  server = await ServerProcess.start(['--threads', '2', '--users', path.join(folder, 'users.jsonl')]);
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true, force: true });
});

let clock = 0;
function tick(): number {
  clock += 1;
  return clock;
}

async function login(username: string): Promise<{ client: LineSocket; token: string }> {
  const client = await LineSocket.connect(server.address, { timeoutMs: 20_000 });
  const reply = JSON.parse(await client.ask(`auth ${username} rahasia`)) as { tokenid: string };
  return { client, token: reply.tokenid };
}

/** Sends the numbers 0, 1, 2, … to the reader, several requests in flight. */
async function sendAll(username: string): Promise<void> {
  const { client, token } = await login(username);
  for (let number = 0; number < messagesEach + inFlightMax; number += 1) {
    if (number < messagesEach) client.write(`send ${token} reader ${number}\n`);
    if (number >= inFlightMax) expect(await client.frame()).toBe(sent);
  }
  client.destroy();
}

/** Reads the inbox again and again, until it is empty after the last message was sent. */
async function readAll(readings: Reading[], isAllSent: () => boolean): Promise<void> {
  const { client, token } = await login('reader');
  for (let isLast = false; !isLast;) {
    const allSentBefore = isAllSent();
    const askedAt = tick();
    const numbers = numbersOf(await client.ask(`inbox ${token}`));
    readings.push({ askedAt, answeredAt: tick(), numbers });
    isLast = allSentBefore && numbers.size === 0;
  }
  client.destroy();
}

function numbersOf(frame: string): Map<string, number[]> {
  const reply = JSON.parse(frame) as { status: string; messages: Record<string, { msg: string }[]> };
  expect(reply.status).toBe('OK');
  return new Map(
    Object.entries(reply.messages).map(([sender, messages]) => [
      sender,
      messages.map(({ msg }) => Number(msg)),
    ]),
  );
}

test('every message exactly once, each sender in order, over 8 readers', async () => {
  const readings: Reading[] = [];
  let allSent = false;
  const sending = Promise.all(Array.from({ length: senderCount }, (_, index) => sendAll(`sender-${index}`)));
  const reading = Promise.all(Array.from({ length: readerCount }, () => readAll(readings, () => allSent)));
  await sending.finally(() => (allSent = true));
  await reading;

  for (let index = 0; index < senderCount; index += 1) {
    const username = `sender-${index}`;
    const parts = readings
      .map(({ askedAt, answeredAt, numbers }) => ({ askedAt, answeredAt, list: numbers.get(username) ?? [] }))
      .filter(({ list }) => list.length > 0)
      .sort((one, other) => one.list[0]! - other.list[0]!);
    // Parts put in order of their first number make 0, 1, 2, … without a gap or a repetition only when every
    // single part was a whole stretch in order.
    expect(parts.flatMap(({ list }) => list)).toEqual(Array.from({ length: messagesEach }, (_, n) => n));
    // A reading that was answered before another one was asked for has the earlier messages.
    for (let later = 1; later < parts.length; later += 1)
      expect(parts[later]!.answeredAt).toBeGreaterThan(parts[later - 1]!.askedAt);
  }
});

test('after that the inbox is empty', async () => {
  const { client, token } = await login('reader');
  expect(await client.ask(`inbox ${token}`)).toBe('{"status": "OK", "messages": {}}\r\n\r\n');
  client.destroy();
});
