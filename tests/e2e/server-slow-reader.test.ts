// Goal: a client that does not read is first not read from, then cut, costs bounded memory, and slows nobody.
import * as replies from '../conformance/replies';
import { cleanUp } from '../support/clean-up';
import { connectWhenFree } from '../support/connect-when-free';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const okReply = /^\{"status": "OK"/;
const mebibyte = 1_048_576;
let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start(['--threads', '2']);
});
afterAll(async () => {
  await server.stop();
});

/** Writes requests until the server takes no more: a write stays while another client gets 1,000 replies, or it is cut. */
async function fillUntilBlocked(deaf: LineSocket, other: LineSocket): Promise<void> {
  const piece = Buffer.from('help\n'.repeat(13_000));
  for (let written = 0; written < 256 * mebibyte; written += piece.length) {
    deaf.write(piece);
    for (let pings = 0; pings < 1_000 && deaf.unsentBytes > 0; pings += 1) await other.ask('ping');
    if (deaf.over || deaf.unsentBytes > 0) return;
  }
  throw new Error('the server went on reading from a client that does not read');
}

test('it is no longer read from, others are answered quickly, and memory stays bounded', async () => {
  const other = await LineSocket.connect(server.address);
  expect(await other.ask('ping')).toMatch(okReply);
  const residentBefore = server.residentBytes;
  const deaf = await LineSocket.connect(server.address, { reading: false });
  await fillUntilBlocked(deaf, other);
  let slowestMs = 0;
  for (let count = 0; count < 200; count += 1) {
    const before = performance.now();
    expect(await other.ask('ping')).toMatch(okReply);
    slowestMs = Math.max(slowestMs, performance.now() - before);
  }
  expect(slowestMs).toBeLessThan(500);
  expect(server.residentBytes - residentBefore).toBeLessThan(96 * mebibyte);
  deaf.destroy();
  other.destroy();
});

test('it is cut after --send-timeout, and its place is free again', async () => {
  const strict = await ServerProcess.start([
    '--threads',
    '1',
    '--send-timeout',
    '1',
    '--max-connections',
    '2',
  ]);
  const other = await LineSocket.connect(strict.address);
  const deaf = await LineSocket.connect(strict.address, { reading: false });
  await fillUntilBlocked(deaf, other);
  await deaf.untilOver();
  const next = await connectWhenFree(strict.address);
  expect(await other.ask('ping')).toMatch(okReply);
  for (const client of [deaf, next, other]) client.destroy();
  await strict.stop();
});

test('a client that half-closes, and reads again in time, gets every reply, in order', async () => {
  const other = await LineSocket.connect(server.address);
  const slow = await LineSocket.connect(server.address, { reading: false });
  const token = replies.tokenReply.exec(await other.ask('auth messi surabaya'))![1]!;
  const count = 30_000;
  slow.write(`inbox x\nnosuchcommand\nactiveuser ${token}\n`.repeat(count / 3));
  slow.end();
  for (let pings = 0; pings < 200; pings += 1) await other.ask('ping');
  slow.resume();
  const expected = [replies.badSession, replies.badCommand, '{"status": "OK", "message": "messi, "}\r\n\r\n'];
  const received = await slow.frames(count);
  expect(received.findIndex((frame, index) => frame !== expected[index % 3])).toBe(-1);
  slow.destroy();
  other.destroy();
});
