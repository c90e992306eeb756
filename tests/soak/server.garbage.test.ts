// Goal: a minute of garbage on 100 connections, and a line that never ends: answers stay right, memory is bounded.
import { setTimeout as delay } from 'node:timers/promises';
import * as replies from '../conformance/replies';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { RandomNumbers } from '../support/random-numbers';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const garbageMs = 60_000;
const connectionCount = 100;
const mebibyte = 1_048_576;
const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);

/** Shapes of what a client can get wrong. */
const shapes: readonly ((random: RandomNumbers) => Buffer)[] = [
  (random) => Buffer.from(Array.from({ length: random.below(4_000) }, () => random.below(256))),
  (random) => Buffer.from('\n'.repeat(random.below(2_000))),
  (random) => Buffer.from(`auth ${'a'.repeat(random.below(20_000))}\n`),
  (random) => Buffer.from(`send ${'x'.repeat(36)} messi ${'\u00e9'.repeat(random.below(5_000))}\r\n`),
  (random) =>
    Buffer.concat([
      Buffer.from('inbox '),
      Buffer.from([0xc0, 0x80, 0, random.below(256)]),
      Buffer.from('\n'),
    ]),
  (random) => Buffer.from(`${'send '.repeat(random.below(300))}\n`),
  (random) => Buffer.from(`inbox\t${random.below(100)}\n\rwhoami\r\r\n`),
  (random) => Buffer.from(`logout ${'-'.repeat(random.below(40))}`),
  () => Buffer.from('PROXY TCP4 1.2.3.4 5.6.7.8 1 2\r\n'),
];

/** Sends garbage until the time is over; opens another connection whenever this one is closed. */
async function sendGarbage(server: ServerProcess, random: RandomNumbers, endMs: number): Promise<number> {
  let frames = 0;
  let client = await LineSocket.connect(server.address);
  while (Date.now() < endMs) {
    try {
      await client.writeFlushed(random.of(shapes)(random));
      // Without this turn of the event loop nothing would be read.
      await delay(random.below(20));
    } catch {
      // Closed: what was sent looked like another protocol.
    }
    while (client.framesWaiting > 0) {
      const frame = await client.frame();
      if (!/^\{"status": "ERROR", "message": "[ -~]+", "code": "[A-Z_]+"\}\r\n\r\n$/.test(frame))
        throw new Error(`seed ${seed}: garbage was answered with ${JSON.stringify(frame)}`);
      frames += 1;
    }
    if (!client.over) continue;
    client.destroy();
    client = await LineSocket.connect(server.address);
  }
  client.destroy();
  return frames;
}

/** A line that never ends, on a new connection whenever it took too long. */
async function sendEndlessLine(server: ServerProcess, endMs: number): Promise<number> {
  const piece = Buffer.alloc(65_536, 'x');
  let bytes = 0;
  let client = await LineSocket.connect(server.address);
  while (Date.now() < endMs) {
    try {
      await client.writeFlushed(piece);
      bytes += piece.length;
    } catch {
      // Closed: it was not finished in time.
    }
    if (!client.over) continue;
    client.destroy();
    client = await LineSocket.connect(server.address);
  }
  client.destroy();
  return bytes;
}

/** Sends to itself and reads, over and over; every answer has to be right. */
async function behave(server: ServerProcess, endMs: number): Promise<number> {
  const client = await LineSocket.connect(server.address);
  const token = replies.tokenReply.exec(await client.ask('auth messi surabaya'))![1]!;
  let rounds = 0;
  for (; Date.now() < endMs; rounds += 1) {
    expect(await client.ask(`send ${token} messi ${rounds}`)).toBe(replies.messageSent);
    expect(await client.ask(`inbox ${token}`)).toContain(`"msg": "${rounds}"}]}}`);
  }
  client.destroy();
  return rounds;
}

async function oneRound(
  server: ServerProcess,
): Promise<{ frames: number; endlessBytes: number; rounds: number }> {
  const endMs = Date.now() + garbageMs;
  const [rounds, endlessBytes, ...frames] = await Promise.all([
    behave(server, endMs),
    sendEndlessLine(server, endMs),
    ...Array.from({ length: connectionCount }, (_, index) =>
      sendGarbage(server, new RandomNumbers(seed + index), endMs),
    ),
  ]);
  return { frames: frames.reduce((sum, count) => sum + count, 0), endlessBytes, rounds };
}

test(`garbage on ${connectionCount} connections for ${garbageMs / 1_000} s (seed ${seed})`, async () => {
  const server = await ServerProcess.start(['--threads', '2']);
  const warm = await LineSocket.connect(server.address);
  warm.write('ping\n'.repeat(50_000));
  await warm.frames(50_000);
  warm.destroy();
  const residentBefore = server.residentBytes;
  let residentMax = 0;
  const watch = setInterval(() => {
    residentMax = Math.max(residentMax, server.residentBytes);
  }, 200);
  const totals = await oneRound(server);
  clearInterval(watch);
  const grownMiB = (residentMax - residentBefore) / mebibyte;
  // It comes back: the collector takes its time.
  const deadlineMs = Date.now() + 60_000;
  while (server.residentBytes - residentBefore > 32 * mebibyte && Date.now() < deadlineMs) await delay(1_000);
  const keptMiB = (server.residentBytes - residentBefore) / mebibyte;
  process.stdout.write(`garbage: ${JSON.stringify({ ...totals, grownMiB, keptMiB })}\n`);
  expect(totals.rounds).toBeGreaterThan(100);
  expect(grownMiB).toBeLessThan(100);
  expect(keptMiB).toBeLessThan(50);
  expect((await server.stop()).code).toBe(0);
});
