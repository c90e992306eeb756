// Goal: one connection, many requests in flight: exactly one reply each, in request order, however they are cut.
import * as replies from '../conformance/replies';
import { seedCast } from '../conformance/account';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const { messi } = seedCast;
let server: ServerProcess;
let client: LineSocket;
let token: string;

beforeAll(async () => {
  server = await ServerProcess.start(['--threads', '2']);
});
afterAll(async () => {
  await server.stop();
});
beforeEach(async () => {
  client = await LineSocket.connect(server.address);
  token = replies.tokenReply.exec(await client.ask('auth messi surabaya'))![1]!;
});
afterEach(async () => {
  expect(await client.ask(`logout ${token}`)).toBe(replies.loggedOut);
  client.destroy();
});

interface Exchange {
  readonly request: string;
  readonly reply: string;
}

/** Requests whose replies tell their place: every inbox holds exactly the message sent right before it. */
function quickExchanges(count: number): Exchange[] {
  return Array.from({ length: count }, (_, index) =>
    index % 2 === 0
      ? { request: `send ${token} messi pesan ${index} é`, reply: replies.messageSent }
      : {
          request: `inbox ${token}`,
          reply: replies.inboxReply(messi, [{ sender: messi, texts: [`pesan ${index - 1} \\u00e9`] }]),
        },
  );
}

/** Every seventh request hashes a password, or fails in another way, between quick ones. */
function mixedExchanges(count: number): Exchange[] {
  const slowAndBad: readonly Exchange[] = [
    { request: 'auth messi salah', reply: replies.wrongPassword },
    { request: 'nosuchcommand', reply: replies.badCommand },
    { request: 'auth maradona surabaya', reply: replies.noSuchUser },
    { request: 'inbox x', reply: replies.badSession },
    { request: 'inbox \u0001', reply: replies.badRequest },
    { request: `send ${token} maradona halo`, reply: replies.recipientNotFound },
    { request: 'x'.repeat(9_000), reply: replies.lineTooLong },
  ];
  const quick = quickExchanges(count);
  return quick.flatMap((exchange, index) =>
    index % 7 === 6 ? [exchange, slowAndBad[((index - 6) / 7) % slowAndBad.length]!] : [exchange],
  );
}

function linesOf(exchanges: readonly Exchange[]): string {
  return exchanges.map(({ request }) => `${request}\r\n`).join('');
}

async function expectReplies(exchanges: readonly Exchange[]): Promise<void> {
  expect(await client.frames(exchanges.length)).toEqual(exchanges.map(({ reply }) => reply));
  expect(client.framesWaiting).toBe(0);
}

test('500 requests in one write', async () => {
  const exchanges = quickExchanges(500);
  client.write(linesOf(exchanges));
  await expectReplies(exchanges);
});

test('500 requests, one byte at a time', async () => {
  const exchanges = quickExchanges(500);
  await client.writeByteByByte(linesOf(exchanges));
  await expectReplies(exchanges);
});

test('500 requests in pieces that cut lines and characters anywhere', async () => {
  const exchanges = quickExchanges(500);
  const bytes = Buffer.from(linesOf(exchanges));
  const sizes = [1, 7, 64, 3, 1_000, 2, 333];
  for (let start = 0, turn = 0; start < bytes.length; turn += 1) {
    const size = sizes[turn % sizes.length]!;
    await client.writeFlushed(bytes.subarray(start, start + size));
    start += size;
  }
  await expectReplies(exchanges);
});

test('slow, quick and malformed requests in one pipeline keep their order', async () => {
  const exchanges = mixedExchanges(200);
  client.write(linesOf(exchanges));
  await expectReplies(exchanges);
});

test('a login in a pipeline is done before what follows it: its session is listed', async () => {
  const other = await LineSocket.connect(server.address);
  other.write(`activeuser ${token}\nauth lineker surabaya\nactiveuser ${token}\n`);
  const [before, login, after] = await other.frames(3);
  expect(before).toBe(replies.activeUsers(messi));
  expect(after).toBe(replies.activeUsers(messi, seedCast.lineker));
  expect(await other.ask(`logout ${replies.tokenReply.exec(login!)![1]!}`)).toBe(replies.loggedOut);
  other.destroy();
});

test('20,000 requests without reading a reply before the last is written', async () => {
  const exchanges = quickExchanges(20_000);
  client.write(linesOf(exchanges));
  await expectReplies(exchanges);
});

test('replies of a mebibyte between small ones, on several connections at once', async () => {
  const texts = Array.from({ length: 200 }, (_, index) => `${1_000 + index}${'é'.repeat(2_046)}`);
  const users = ['messi', 'henderson', 'lineker'];
  const results = await Promise.all(
    users.map(async (username) => {
      const own = await LineSocket.connect(server.address);
      const session = replies.tokenReply.exec(await own.ask(`auth ${username} surabaya`))![1]!;
      own.write(texts.map((text) => `send ${session} ${username} ${text}\n`).join(''));
      expect(new Set(await own.frames(texts.length))).toEqual(new Set([replies.messageSent]));
      own.write(`inbox ${session}\ninbox x\n`.repeat(4) + `logout ${session}\n`);
      const frames = await own.frames(9);
      own.destroy();
      return frames;
    }),
  );
  for (const frames of results) {
    const inboxes = [0, 2, 4, 6].map((index) => frames[index]!);
    const numbers = inboxes.flatMap((frame) =>
      Array.from(frame.matchAll(/"msg": "(\d+)/g), (match) => match[1]),
    );
    expect(numbers).toEqual(texts.map((text) => text.slice(0, 4)));
    expect(Math.max(...inboxes.map((frame) => frame.length))).toBeLessThanOrEqual(1_048_576);
    expect(inboxes[3]).toBe(replies.emptyInbox);
    for (const index of [1, 3, 5, 7]) expect(frames[index]).toBe(replies.badSession);
    expect(frames[8]).toBe(replies.loggedOut);
  }
});
