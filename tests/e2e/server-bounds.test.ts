// Goal: connections, lines and silence have bounds, and whoever runs into one harms nobody else.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { seedCast } from '../conformance/account';
import * as replies from '../conformance/replies';
import { cleanUp } from '../support/clean-up';
import { connectWhenFree } from '../support/connect-when-free';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const okReply = /^\{"status": "OK"/;
const mebibyte = 1_048_576;

describe('--max-connections', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start(['--threads', '1', '--max-connections', '4']);
  });
  afterAll(async () => {
    await server.stop();
  });

  test('one too many is told and closed, the others go on; a place that comes free can be taken', async () => {
    const clients: LineSocket[] = [];
    for (let count = 0; count < 4; count += 1) {
      const client = await LineSocket.connect(server.address);
      expect(await client.ask('ping')).toMatch(okReply);
      clients.push(client);
    }
    const surplus = await LineSocket.connect(server.address);
    expect(await surplus.rest()).toMatch(replies.errorCoded('BUSY'));
    surplus.destroy();
    for (const client of clients) expect(await client.ask('ping')).toMatch(okReply);

    const leaving = clients.pop()!;
    leaving.end();
    await leaving.rest();
    leaving.destroy();
    const next = await connectWhenFree(server.address);
    for (const client of [...clients, next]) client.destroy();
  });

  test('connections that come and go leave no place taken', async () => {
    for (let round = 0; round < 50; round += 1) {
      const client = await connectWhenFree(server.address);
      client.write('ping\nauth messi sal');
      expect(await client.frame()).toMatch(okReply);
      if (round % 2 === 0) client.destroy();
      else client.end();
      await client.rest();
    }
  });
});

test('a flood of refused connections is a line or two of the log a second', async () => {
  const server = await ServerProcess.start(['--threads', '1', '--max-connections', '1']);
  const client = await LineSocket.connect(server.address);
  expect(await client.ask('ping')).toMatch(okReply);
  const surplus = await Promise.all(Array.from({ length: 40 }, () => LineSocket.connect(server.address)));
  for (const socket of surplus) expect(await socket.rest()).toMatch(replies.errorCoded('BUSY'));
  for (const socket of [...surplus, client]) socket.destroy();
  const refusals = (): Record<string, unknown>[] =>
    server.stderr
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.includes('refused'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  const told = (): number =>
    refusals().reduce((sum, { refused }) => sum + (refused === undefined ? 1 : Number(refused)), 0);
  while (told() < surplus.length) await nextTurn();
  expect(told()).toBe(surplus.length);
  expect(refusals().length).toBeLessThan(surplus.length / 2);
  await server.stop();
});

describe('a line without an end', () => {
  test('is answered once, skipped as it comes, and does not make the process grow', async () => {
    const server = await ServerProcess.start(['--threads', '1']);
    const client = await LineSocket.connect(server.address);
    expect(await client.ask('ping')).toMatch(okReply);
    const piece = Buffer.alloc(mebibyte, 'x');
    for (let count = 0; count < 8; count += 1) await client.writeFlushed(piece);
    const residentBefore = server.residentBytes;
    for (let count = 0; count < 128; count += 1) await client.writeFlushed(piece);
    client.write('\nping\n');
    expect(await client.frame()).toBe(replies.lineTooLong);
    expect(await client.frame()).toMatch(okReply);
    expect(server.residentBytes - residentBefore).toBeLessThan(48 * mebibyte);
    client.destroy();
    await server.stop();
  });

  test('many clients with half a line each cost little', async () => {
    const server = await ServerProcess.start(['--threads', '1']);
    const residentBefore = server.residentBytes;
    const clients: LineSocket[] = [];
    for (let count = 0; count < 500; count += 1) {
      const client = await LineSocket.connect(server.address);
      client.write(`ping\n${'x'.repeat(8_000)}`);
      expect(await client.frame()).toMatch(okReply);
      clients.push(client);
    }
    // 500 lines of 8,000 bytes are 4 MB; a chunk of 64 KiB kept for each would be 32 MB.
    expect(server.residentBytes - residentBefore).toBeLessThan(28 * mebibyte);
    for (const client of clients) {
      client.write('\n');
      expect(await client.frame()).toBe(replies.badCommand);
      client.destroy();
    }
    await server.stop();
  });
});

/**
 * So many failed logins are at least two seconds of hashing, however fast this machine is, and not much more. Beside other work it
 * takes far longer: threads that hash have a low priority.
 */
async function loginsInTwoSeconds(client: LineSocket): Promise<number> {
  let hashMs = Infinity;
  for (let turn = 0; turn < 5; turn += 1) {
    const beforeMs = performance.now();
    expect(await client.ask('auth messi salah')).toBe(replies.wrongPassword);
    hashMs = Math.min(hashMs, performance.now() - beforeMs);
  }
  return Math.ceil(2_000 / hashMs);
}

describe('silence', () => {
  test('an unauthenticated connection is closed after --login-timeout, one with a session is not', async () => {
    const server = await ServerProcess.start(['--threads', '1', '--login-timeout', '1']);
    const [silent, halfway, member] = [
      await LineSocket.connect(server.address),
      await LineSocket.connect(server.address),
      await LineSocket.connect(server.address),
    ];
    halfway.write('ping\nauth messi');
    expect(await halfway.frame()).toMatch(okReply);
    const reply = await member.ask('auth messi surabaya');
    const token = replies.tokenReply.exec(reply)![1]!;
    await silent.rest();
    await halfway.rest();
    expect(member.over).toBe(false);
    expect(await member.ask(`inbox ${token}`)).toBe(replies.emptyInbox);
    for (const client of [silent, halfway, member]) client.destroy();
    await server.stop();
  });

  test('waiting for replies is not silence', async () => {
    const server = await ServerProcess.start(['--threads', '1', '--login-timeout', '1']);
    const client = await LineSocket.connect(server.address, { timeoutMs: 50_000 });
    const count = await loginsInTwoSeconds(client);
    client.write('auth messi salah\n'.repeat(count));
    expect(new Set(await client.frames(count))).toEqual(new Set([replies.wrongPassword]));
    client.destroy();
    await server.stop();
  });
});

describe('--line-timeout', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start(['--threads', '1', '--line-timeout', '1']);
  });
  afterAll(async () => {
    await server.stop();
  });

  test('who does not finish a request is told and closed, however slowly its bytes come', async () => {
    const client = await LineSocket.connect(server.address);
    const token = replies.tokenReply.exec(await client.ask('auth messi surabaya'))![1]!;
    expect(await client.ask(`inbox ${token}`)).toBe(replies.emptyInbox);
    // A byte whenever another client has got so many replies: it is never silent.
    const other = await LineSocket.connect(server.address);
    const startMs = Date.now();
    while (!client.over && Date.now() - startMs < 8_000) {
      client.write('x');
      for (let count = 0; count < 100; count += 1) await other.ask('ping');
    }
    expect(Date.now() - startMs).toBeGreaterThan(900);
    expect(await client.rest()).toMatch(replies.errorCoded('BAD_REQUEST'));
    for (const socket of [client, other]) socket.destroy();
  });

  test('a line that is longer than it may be has no more time', async () => {
    const client = await LineSocket.connect(server.address);
    client.write('x'.repeat(20_000));
    expect(await client.frame()).toBe(replies.lineTooLong);
    expect(await client.rest()).toMatch(replies.errorCoded('BAD_REQUEST'));
    client.destroy();
  });

  test('whole requests, in whatever pieces, are not unfinished ones; nor is one that the server did not read', async () => {
    const client = await LineSocket.connect(server.address, { timeoutMs: 50_000 });
    const startMs = Date.now();
    while (Date.now() - startMs < 2_500) {
      await client.writeFlushed('ng\npi');
      expect(await client.frame()).toMatch(/"(OK|ERROR)"/);
    }
    client.write('ng\n');
    expect(await client.frame()).toMatch(okReply);
    // Hashing takes longer than a request may, and what is read ahead ends in the middle of one.
    const loginCount = await loginsInTwoSeconds(client);
    const count = 4_000;
    client.write('auth messi salah\n'.repeat(loginCount) + 'ping\n'.repeat(count) + 'ping');
    const frames = await client.frames(loginCount + count);
    expect(frames.at(-1)).toMatch(okReply);
    client.write('\n');
    expect(await client.frame()).toMatch(okReply);
    client.destroy();
  });
});

describe('full', () => {
  test('an inbox over --max-inbox is INBOX_FULL: nothing was stored, and reading makes room', async () => {
    const server = await ServerProcess.start(['--threads', '1', '--max-inbox', '3']);
    const client = await LineSocket.connect(server.address);
    const token = replies.tokenReply.exec(await client.ask('auth messi surabaya'))![1]!;
    for (const text of ['satu', 'dua', 'tiga'])
      expect(await client.ask(`send ${token} messi ${text}`)).toBe(replies.messageSent);
    expect(await client.ask(`send ${token} messi empat`)).toMatch(replies.errorCoded('INBOX_FULL'));
    expect(await client.ask(`send ${token} lineker halo`)).toBe(replies.messageSent);
    const inbox = replies.inboxReply(seedCast.messi, [
      { sender: seedCast.messi, texts: ['satu', 'dua', 'tiga'] },
    ]);
    expect(await client.ask(`inbox ${token}`)).toBe(inbox);
    expect(await client.ask(`send ${token} messi lima`)).toBe(replies.messageSent);
    client.destroy();
    await server.stop();
  });

  test('a full store is STORE_FULL: what was acknowledged is there, what was refused is not, reading makes room', async () => {
    const server = await ServerProcess.start(['--threads', '2', '--memory', '16', '--max-inbox', '1000000']);
    const client = await LineSocket.connect(server.address);
    const token = replies.tokenReply.exec(await client.ask('auth messi surabaya'))![1]!;
    const send = (number: number): string => `send ${token} messi ${number} ${'x'.repeat(4_000)}\n`;
    const count = 6_000;
    const acknowledged: number[] = [];
    for (let start = 0; start < count; start += 100) {
      client.write(Array.from({ length: 100 }, (_, index) => send(start + index)).join(''));
      for (const [index, reply] of (await client.frames(100)).entries()) {
        if (reply === replies.messageSent) acknowledged.push(start + index);
        else expect(reply).toMatch(replies.errorCoded('STORE_FULL'));
      }
    }
    expect(acknowledged.length).toBeLessThan(count);
    const read: number[] = [];
    for (let reply = ''; reply !== replies.emptyInbox;) {
      reply = await client.ask(`inbox ${token}`);
      read.push(...Array.from(reply.matchAll(/"msg": "(\d+) /g), (match) => Number(match[1])));
    }
    expect(read).toEqual(acknowledged);
    client.write(send(1));
    expect(await client.frame()).toBe(replies.messageSent);
    client.destroy();
    await server.stop();
  });
});
