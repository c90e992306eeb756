// Goal: who floods the server is told so, request by request and in order; who pastes some hundred lines is not.
import * as replies from '../conformance/replies';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { rateLimited, retryMsOf } from '../support/rate-limited';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const burst = 400;
const pong = '{"status": "OK", "message": "pong"}\r\n\r\n';
const mebibyte = 1_048_576;
let server: ServerProcess;
let client: LineSocket;

beforeAll(async () => {
  server = await ServerProcess.start(['--threads', '2', '--limit-loopback', '--send-timeout', '5']);
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  client = await LineSocket.connect(server.address, { timeoutMs: 20_000 });
});
afterEach(() => {
  client.destroy();
});

async function logIn(socket: LineSocket, name: string): Promise<string> {
  return replies.tokenReply.exec(await socket.ask(`auth ${name} surabaya`))![1]!;
}

/** How many replies come before the first refusal; all after it must be refusals. */
function servedOf(answers: readonly string[]): number {
  const refusedFrom = answers.findIndex((reply) => rateLimited.test(reply));
  if (refusedFrom < 0) return answers.length;
  expect(answers.slice(refusedFrom).every((reply) => rateLimited.test(reply))).toBe(true);
  return refusedFrom;
}

/** The answers to what the server has read in one go: what is served of it comes before what is refused. */
function byRead(answers: readonly string[]): string[][] {
  const isServed = answers.map((reply) => !rateLimited.test(reply));
  const starts = [...isServed.keys()].filter((at) => at === 0 || (isServed[at]! && !isServed[at - 1]!));
  return starts.map((start, index) => answers.slice(start, starts[index + 1]));
}

test('200 pasted lines of the longest kind are all carried out', async () => {
  const token = await logIn(client, 'messi');
  client.write(`send ${token} lineker ${'x'.repeat(4_096)}\n`.repeat(200));
  expect(await client.frames(200)).toEqual(new Array<string>(200).fill(replies.messageSent));
});

test('what is over the burst is refused, one reply a request, in order; after retry_ms it goes on', async () => {
  const before = performance.now();
  client.write('ping\n'.repeat(1_000));
  const answers = await client.frames(1_000);
  const served = servedOf(answers);
  expect(served).toBeGreaterThanOrEqual(burst);
  expect(served).toBeLessThan(burst + 50);
  const retryMs = retryMsOf(answers.at(-1)!);
  client.write('ping\n'.repeat(20));
  expect(await client.frames(20)).toEqual(new Array<string>(20).fill(pong));
  // It was not read from until then.
  expect(performance.now() - before).toBeGreaterThan(retryMs / 2);
});

test('refusals wait for the requests before them, slow ones too', async () => {
  client.write(`auth messi surabaya\n${'ping\n'.repeat(600)}auth messi surabaya\n`);
  const [first, ...answers] = await client.frames(602);
  expect(first).toMatch(replies.tokenReply);
  expect(answers[0]).toBe(pong);
  const served = servedOf(answers);
  expect(served).toBeGreaterThanOrEqual(burst - 1);
  expect(served).toBeLessThan(600);
});

test('nothing of a refused request is done', async () => {
  const token = await logIn(client, 'henderson');
  client.write(Array.from({ length: 700 }, (_, number) => `send ${token} henderson ${number}\n`).join(''));
  const answers = await client.frames(700);
  const served = servedOf(answers);
  expect(served).toBeLessThan(700);
  const texts = Array.from({ length: served }, (_, number) => String(number));
  const inbox = await client.ask(`inbox ${token}`);
  expect(Array.from(inbox.matchAll(/"msg": "(\d+)"/g), (found) => found[1])).toEqual(texts);
});

test('half requests, and requests cut anywhere, are refused once each', async () => {
  const bytes = Buffer.from('ping\n'.repeat(700));
  for (let at = 0; at < bytes.length; at += 997) await client.writeFlushed(bytes.subarray(at, at + 997));
  const answers = await client.frames(700);
  expect(answers.filter((reply) => reply === pong).length).toBeGreaterThanOrEqual(burst);
  expect(answers.filter((reply) => rateLimited.test(reply)).length).toBeGreaterThan(0);
  expect(answers.every((reply) => reply === pong || rateLimited.test(reply))).toBe(true);
  expect(client.framesWaiting).toBe(0);
});

test('a user’s connections share one budget', async () => {
  const strict = await ServerProcess.start(['--threads', '2', '--limit-loopback', '--flood-requests', '10']);
  const [one, two] = [await LineSocket.connect(strict.address), await LineSocket.connect(strict.address)];
  const token = await logIn(one, 'messi');
  one.write(`whoami ${token}\n`.repeat(60));
  await one.frames(60);
  // This connection has a budget of 80 of its own; the user’s has about 20 left.
  expect(await two.ask(`whoami ${token}`)).toMatch(replies.anyOk);
  two.write(`whoami ${token}\n`.repeat(70));
  const served = servedOf(await two.frames(70));
  expect(served).toBeGreaterThan(5);
  expect(served).toBeLessThan(50);
  one.destroy();
  two.destroy();
  await strict.stop();
});

test('a flood of small requests whose refusals are not read costs bounded memory', async () => {
  await client.ask('ping');
  const residentBefore = server.residentBytes;
  const deaf = await Promise.all(
    Array.from({ length: 20 }, () =>
      LineSocket.connect(server.address, { reading: false, timeoutMs: 50_000 }),
    ),
  );
  // 64 KiB of empty lines would call forth 7 MiB of refusals, twenty times. What the server does not read in one go it reads
  // when the refusals of what came before are paid for: 17 s later, and a burst of requests is free again.
  for (const socket of deaf) socket.write('\n'.repeat(65_536));
  for (let turn = 0; turn < 200; turn += 1) await client.ask('ping');
  expect(server.residentBytes - residentBefore).toBeLessThan(64 * mebibyte);
  deaf[0]!.resume();
  const answers = await deaf[0]!.frames(65_536);
  expect(answers.slice(0, burst)).toEqual(new Array<string>(burst).fill(replies.badCommand));
  for (const answersToOneRead of byRead(answers)) {
    const served = servedOf(answersToOneRead);
    expect(served).toBeLessThan(burst + 50);
    expect(answersToOneRead.slice(0, served).every((reply) => reply === replies.badCommand)).toBe(true);
  }
  for (const socket of deaf) socket.destroy();
});

test('this machine’s own addresses are exempt unless --limit-loopback', async () => {
  const open = await ServerProcess.start(['--threads', '1']);
  const local = await LineSocket.connect(open.address);
  local.write('ping\n'.repeat(5_000));
  expect(servedOf(await local.frames(5_000))).toBe(5_000);
  local.destroy();
  await open.stop();
});
