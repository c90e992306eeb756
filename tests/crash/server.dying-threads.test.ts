// Goal: a thread that dies at the worst moment, in whatever way, leaves one unknown outcome behind and nothing else.
import { setTimeout as delay } from 'node:timers/promises';
import { header } from '../../shared/store/header';
import { cleanUp } from '../support/clean-up';
import { password } from '../support/durable-load';
import { DurableServer } from '../support/durable-server';
import type { ArmedPlace, KillRequest } from '../support/kill-switch';
import type { LineSocket } from '../support/line-socket';
import { LiveClient } from '../support/live-client';

const unknownOutcome =
  '{"status": "ERROR", "message": "Hasil tidak diketahui", "code": "UNKNOWN_OUTCOME"}\r\n\r\n';
const sent = '{"status": "OK", "message": "Message Sent"}\r\n\r\n';

const lookIntervalMs = 5;

let server: DurableServer;
let client: LineSocket;

beforeAll(async () => {
  server = await DurableServer.start([], undefined, { preload: 'kill-switch.js' });
}, 30_000);
beforeEach(async () => {
  client = await server.connect();
});
afterEach(() => {
  client.destroy();
});
afterAll(async () => {
  await cleanUp();
  await server.remove();
});

function ask(request: KillRequest): Promise<unknown> {
  return server.process.ask(request);
}

/** The next publishing of a record is a command thread's last step, or the one after it is not made any more. */
function armPublishing(when: ArmedPlace['when'], death: ArmedPlace['death']): Promise<unknown> {
  return ask({ kind: 'arm', place: { role: 'command', word: header.ringTail, when, death, count: 1 } });
}

async function textsOf(index: number): Promise<string[]> {
  const frame = await client.ask(`inbox ${server.members[index]!.token}`);
  const { messages } = JSON.parse(frame) as { messages: Record<string, { msg: string }[]> };
  return Object.values(messages).flatMap((list) => list.map(({ msg }) => msg));
}

/** What the log says of deaths since `from`, once it says so: it comes by another pipe than the replies. */
async function deathsLogged(from: number): Promise<Record<string, unknown>[]> {
  while (!/"a thread died".*\n$/.test(server.process.stderr.slice(from))) await delay(lookIntervalMs);
  const lines = server.process.stderr.slice(from).trim().split('\n');
  return lines
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ msg }) => msg === 'a thread died');
}

describe.each([
  ['exit', { exitCode: 3 }],
  ['throw', { exitCode: 1, err: { message: 'a flaw that a test has made' } }],
  ['memory', { exitCode: 1, err: { code: 'ERR_WORKER_OUT_OF_MEMORY' } }],
] as const)('death by %s', (death, reason) => {
  test('before the commit: nothing has happened', async () => {
    const from = server.process.stderr.length;
    await armPublishing('before', death);
    const { token, username } = server.members[0]!;
    expect(await client.ask(`send ${token} ${username} halo ${death}`)).toBe(unknownOutcome);
    expect(await textsOf(0)).toEqual([]);
    expect(await client.ask(`send ${token} ${username} lagi`)).toBe(sent);
    expect(await textsOf(0)).toEqual(['lagi']);
    expect(await deathsLogged(from)).toMatchObject([
      { ...reason, store: 'its last change was taken back', unknownOutcomes: 1, repeatedRequests: 0 },
    ]);
    expect(await ask({ kind: 'audit' })).toEqual([]);
  });

  test('after the commit: it has happened, once, and is on disk', async () => {
    const from = server.process.stderr.length;
    await armPublishing('after', death);
    const { token, username } = server.members[1]!;
    expect(await client.ask(`send ${token} ${username} halo ${death}`)).toBe(unknownOutcome);
    expect(await textsOf(1)).toEqual([`halo ${death}`]);
    expect(await deathsLogged(from)).toMatchObject([
      { ...reason, store: 'its last change was committed, and stands', unknownOutcomes: 1 },
    ]);
    expect(await ask({ kind: 'audit' })).toEqual([]);
  });
});

test('what the dead thread had carried out for others is answered; what it had not begun is carried out', async () => {
  const { token, username } = server.members[2]!;
  const others = await Promise.all([0, 1, 2, 3].map(() => server.connect()));
  // Their first lines make them known; with them under way, the next ones gather in one batch.
  for (const other of others) expect(await other.ask('ping')).toContain('pong');
  await armPublishing('before', 'exit');
  const requests = others.map((_, index) => `send ${token} ${username} nomor ${index}`);
  others.forEach((other, index) => {
    other.write(`${requests[index]!}\n`);
  });
  const replies = await Promise.all(others.map((other) => other.frame()));
  expect(replies.filter((reply) => reply === unknownOutcome)).toHaveLength(1);
  expect(replies.filter((reply) => reply === sent)).toHaveLength(3);
  const lost = replies.indexOf(unknownOutcome);
  expect((await textsOf(2)).sort()).toEqual(
    [0, 1, 2, 3].filter((index) => index !== lost).map((index) => `nomor ${index}`),
  );
  for (const other of others) other.destroy();
});

test('every line of a run of lines whose thread died is answered', async () => {
  const { token, username } = server.members[3]!;
  await armPublishing('after', 'exit');
  client.write(`ping\nsend ${token} ${username} satu\nsend ${token} ${username} dua\nping\n`);
  const replies = await client.frames(4);
  expect(new Set(replies.slice(1, 3))).toEqual(new Set([unknownOutcome]));
  expect(await textsOf(3)).toEqual(['satu']);
});

test('a login whose last step dies has an unknown outcome, and the next one succeeds', async () => {
  const { username } = server.members[4]!;
  await armPublishing('before', 'exit');
  expect(await client.ask(`auth ${username} ${password}`)).toBe(unknownOutcome);
  expect(await client.ask(`auth ${username} ${password}`)).toContain('tokenid');
});

test('a new password whose last step dies after the commit ends the subscriptions of the other sessions', async () => {
  const { username } = server.members[4]!;
  const kept = await LiveClient.login(server.process.address, username, password);
  const lost = await LiveClient.login(server.process.address, username, password);
  for (const device of [kept, lost]) await device.client.ask(`subscribe ${device.token}`);
  await armPublishing('after', 'exit');
  const { code } = await kept.client.ask(`passwd ${kept.token} ${password} ${password}-baru`);
  expect(code).toBe('UNKNOWN_OUTCOME');
  expect(await lost.client.event()).toEqual({ event: 'logout' });
  await kept.client.ask(`send ${kept.token} ${username} masih di sini`);
  expect(await kept.client.messages(1)).toMatchObject([{ msg: 'masih di sini' }]);
  for (const { client: device } of [kept, lost]) device.socket.destroy();
});

test('a password whose hashing thread dies is hashed by another', async () => {
  const { username } = server.members[5]!;
  client.write(`auth ${username} ${password}\n`);
  expect(await ask({ kind: 'terminate', role: 'hash', count: 2 })).toBe(2);
  expect(await client.frame()).toContain('tokenid');
});

test('threads that die before they are ready are replaced as long as it takes', async () => {
  await ask({ kind: 'terminateAtBirth', role: 'command', count: 6 });
  await ask({ kind: 'terminate', role: 'command', count: 2 });
  expect(await client.ask('ping')).toContain('pong');
  expect(await client.ask(`whoami ${server.members[6]!.token}`)).toContain('member-6');
});

test('commands that come while all threads are dead are carried out by the next', async () => {
  const { token, username } = server.members[7]!;
  for (let round = 0; round < 5; round += 1) {
    const killed = ask({ kind: 'terminate', role: 'command', count: 2 });
    client.write(`send ${token} ${username} ${round}\n`.repeat(3));
    for (const reply of await client.frames(3)) expect([sent, unknownOutcome]).toContain(reply);
    await killed;
  }
  expect(await ask({ kind: 'audit' })).toEqual([]);
});

test('when threads die as fast as they start, the server says so and ends with exit code 1', async () => {
  await ask({ kind: 'terminateAtBirth', role: 'command', count: 1_000 });
  await ask({ kind: 'terminate', role: 'command', count: 2 });
  const { code, stderr } = await server.process.exited;
  expect(code).toBe(1);
  expect(stderr).toContain('chat-server: the threads that run commands die as fast as they start: ');
});
