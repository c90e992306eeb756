// Goal: whatever moment the journal thread dies at, what was acknowledged is on disk, once, and the server goes on.
import { header } from '../../shared/store/header';
import { cleanUp } from '../support/clean-up';
import { DurableServer } from '../support/durable-server';
import type { ArmedPlace, DeathKind, KillRequest } from '../support/kill-switch';
import { RandomNumbers } from '../support/random-numbers';
import { ServerStorm } from '../support/server-storm';

const sent = '{"status": "OK", "message": "Message Sent"}\r\n\r\n';
const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);
const preload = 'kill-switch.js';

let server: DurableServer;

afterAll(cleanUp);
afterEach(async () => {
  await server.remove();
});

function ask(request: KillRequest): Promise<unknown> {
  return server.process.ask(request);
}

/** A server with two members, one to send and one to receive. */
function startPair(args: readonly string[] = []): Promise<DurableServer> {
  return DurableServer.start(args, undefined, { preload, memberCount: 2 });
}

/** Sends a message and expects it to be acknowledged. */
async function send(number: number): Promise<void> {
  const [from, to] = server.members;
  const message = server.deliveries.send(from!.username, to!.username, 1, number);
  const client = await server.connect();
  expect(await client.ask(`send ${from!.token} ${to!.username} ${message.text}`)).toBe(sent);
  server.deliveries.acknowledge(message);
  client.destroy();
}

/** Everything acknowledged is there once: in the inboxes, after a restart, and in the tables. */
async function judgeAll(): Promise<void> {
  expect((await server.process.stop()).code).toBe(0);
  await server.restart();
  await server.judgeInboxes();
  expect(server.violations).toEqual([]);
  expect((await server.process.stop()).code).toBe(0);
  await server.judgeHistory();
  expect(server.violations).toEqual([]);
}

test(`killed 10 times under load: nothing acknowledged is lost (seed ${seed})`, async () => {
  server = await DurableServer.start([], undefined, { preload });
  const random = new RandomNumbers(seed);
  const storm = new ServerStorm(server, random);
  const totals = await storm.rage({ role: 'journal', kills: 10, pauseMsMax: 150 });
  process.stdout.write(`journal thread terminated: ${JSON.stringify(totals)}\n`);
  expect(storm.violations).toEqual([]);
  expect(totals.kills).toBe(10);
  expect(totals.unknown).toBe(0);
  await server.judgeAccounts(random);
  await judgeAll();
}, 120_000);

const places: readonly (readonly [string, 'sync' | 'relaxed', Pick<ArmedPlace, 'word' | 'when'>])[] = [
  ['before it looks for more', 'sync', { word: header.readerSleeps, when: 'before' }],
  ['before it writes what it has found', 'sync', { word: header.readerSleeps, when: 'after' }],
  ['after a sync, before it says so', 'sync', { word: header.ringSynced, when: 'before' }],
  ['after a write, before it calls that durable', 'sync', { word: header.ringDurable, when: 'before' }],
  ['after that, before it wakes anybody', 'sync', { word: header.ringDurable, when: 'after' }],
  ['after a write, before it calls that durable', 'relaxed', { word: header.ringDurable, when: 'before' }],
  ['after a sync, before it says so', 'relaxed', { word: header.ringSynced, when: 'before' }],
];

test.each(places)('a death %s (%s)', async (_, durability, place) => {
  server = await startPair(['--durability', durability]);
  const deaths: readonly DeathKind[] = ['exit', 'throw', 'memory'];
  for (const [number, death] of deaths.entries()) {
    await ask({ kind: 'arm', place: { ...place, role: 'journal', death, count: 1 } });
    await send(2 * number);
    await send(2 * number + 1);
    await server.process.untilPrinted(new RegExp(`(?:"a thread died"[^]*){${number + 1}}`));
  }
  await judgeAll();
});

test('three that come to nothing in a row end the server with exit code 1, and nothing is lost', async () => {
  server = await startPair();
  await send(0);
  await ask({ kind: 'terminateAtBirth', role: 'journal', count: 3 });
  await ask({ kind: 'terminate', role: 'journal', count: 1 });
  const { code, stderr } = await server.process.exited;
  expect(code).toBe(1);
  expect(stderr).toContain('chat-server: the journal thread has died, and so have three others');
  await server.restart();
  await judgeAll();
});

test('neither do threads come to anything that die right after they are ready, each of them', async () => {
  server = await startPair();
  await send(0);
  // It writes this word when it has nothing to do any more, which is when it has said that it is ready.
  const place: ArmedPlace = {
    role: 'journal',
    word: header.readerSleeps,
    when: 'before',
    death: 'exit',
    count: 1_000,
  };
  await ask({ kind: 'arm', place });
  await send(1);
  const { code, stderr } = await server.process.exited;
  expect(code).toBe(1);
  expect(stderr).toContain('chat-server: the journal thread has died, and so have three others');
  await server.restart();
  await judgeAll();
});

test('two that come to nothing do not', async () => {
  server = await startPair();
  await ask({ kind: 'terminateAtBirth', role: 'journal', count: 2 });
  await ask({ kind: 'terminate', role: 'journal', count: 1 });
  await send(0);
  await server.process.untilPrinted(/the thread goes on/);
  await judgeAll();
});

test('a journal thread that dies while the server stops is replaced, and all that is published gets to the disk', async () => {
  server = await startPair(['--durability', 'relaxed']);
  await send(0);
  // It writes this word, with `relaxed`, whenever it syncs; and once more before it ends.
  await ask({
    kind: 'arm',
    place: { role: 'journal', word: header.ringSynced, when: 'before', death: 'exit', count: 1 },
  });
  await send(1);
  await judgeAll();
});

describe('the table thread', () => {
  test('is replaced, and brings the tables up to date, also for those who read them', async () => {
    server = await startPair();
    const [from, to] = server.members;
    const client = await server.connect();
    for (let death = 0; death < 3; death += 1) {
      await send(death);
      const history = await client.ask(`history ${to!.token} ${from!.username}`);
      expect(history).toContain(`m1.${death}`);
      expect(await ask({ kind: 'terminate', role: 'table', count: 1 })).toBe(1);
      await server.process.untilPrinted(new RegExp(`(?:the thread goes on[^]*){${death + 1}}`));
    }
    client.destroy();
    await send(3);
    await judgeAll();
  });

  test.each(['before', 'after'] as const)('may die right %s it begins to write', async (when) => {
    server = await startPair();
    await ask({
      kind: 'arm',
      place: { role: 'table', word: header.tableWrites, when, death: 'exit', count: 1 },
    });
    await send(0);
    await judgeAll();
  });

  test('that comes to nothing three times in a row stops the server cleanly, with exit code 1', async () => {
    server = await startPair();
    await send(0);
    await ask({ kind: 'terminateAtBirth', role: 'table', count: 3 });
    await ask({ kind: 'terminate', role: 'table', count: 1 });
    const { code, stderr } = await server.process.exited;
    expect(code).toBe(1);
    expect(stderr).toContain('the table thread has died, and so have three others');
    expect(stderr).toContain('"stopped"');
    await server.restart();
    await judgeAll();
  });
});
