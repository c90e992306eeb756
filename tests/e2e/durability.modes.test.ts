// Goal: what each durability promises is kept, a stop keeps everything, and data that is not ours to use is refused.
import { cleanUp } from '../support/clean-up';
import { DurableServer } from '../support/durable-server';
import { type LoadShape, loadUntilDeath, tokenOf } from '../support/durable-load';
import { LineSocket } from '../support/line-socket';
import { RandomNumbers } from '../support/random-numbers';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

const shape: LoadShape = { senders: 20, readers: 2, logins: 1, registrations: 1, textBytesMax: 300 };
const repliesUntilEnd = 3_000;
/** With `relaxed`: 200 ms between syncs, and what waits for one. A kill leaves what the system was given. */
const tailMsMax = 1_000;
const sent = '{"status": "OK", "message": "Message Sent"}\r\n\r\n';

let server: DurableServer;

afterEach(async () => {
  LineSocket.destroyAll();
  await server.remove();
});
afterAll(cleanUp);

/** Loads until so many replies have come, then ends the process. */
async function loadAndEnd(signal: NodeJS.Signals): Promise<void> {
  let repliesLeft = repliesUntilEnd;
  await loadUntilDeath({
    ...server.ledgers,
    address: server.process.address,
    members: server.members,
    random: new RandomNumbers(7),
    shape,
    onReply: () => {
      repliesLeft -= 1;
      if (repliesLeft === 0) server.process.signal(signal);
    },
  });
  server.deliveries.endLife();
}

test('SIGTERM under load: exit 0 within 10 s, everything acknowledged is there, tokens go on', async () => {
  server = await DurableServer.start();
  const beforeMs = performance.now();
  await loadAndEnd('SIGTERM');
  expect(await server.process.exited).toMatchObject({ code: 0, signal: null });
  expect(performance.now() - beforeMs).toBeLessThan(10_000);
  await server.restart();
  await server.judgeInboxes();
  await server.judgeAccounts(new RandomNumbers(1));
  expect(server.violations).toEqual([]);
  // What was read before a graceful stop is not handed over again.
  expect(server.deliveries.repeatedCount).toBe(0);
}, 60_000);

describe('--durability relaxed', () => {
  test('says so, and a SIGTERM under load loses nothing', async () => {
    server = await DurableServer.start(['--durability', 'relaxed']);
    expect(server.process.stdout).toMatch(/durability relaxed: an OK means soon on disk/);
    await loadAndEnd('SIGTERM');
    expect((await server.process.exited).code).toBe(0);
    await server.restart();
    await server.judgeInboxes();
    await server.judgeAccounts(new RandomNumbers(1));
    expect(server.violations).toEqual([]);
  }, 60_000);

  test('a SIGKILL takes at most a tail: what is left of a connection’s messages is their beginning', async () => {
    server = await DurableServer.start(['--durability', 'relaxed']);
    await loadAndEnd('SIGKILL');
    await server.process.exited;
    await server.restart();
    await server.judgeInboxes();
    const others = server.deliveries.violations.filter((text) => !text.startsWith('lost: '));
    expect(others).toEqual([]);
    process.stdout.write(
      `relaxed, SIGKILL: ${server.deliveries.violations.length} of ${server.deliveries.acknowledgedCount} lost\n`,
    );
    expect(server.deliveries.violations.length).toBeLessThan(repliesUntilEnd / 2);
    expect(server.deliveries.firstGap()).toBeUndefined();
  }, 60_000);

  test('what was acknowledged a second before a SIGKILL is there', async () => {
    server = await DurableServer.start(['--durability', 'relaxed']);
    const client = await server.connect();
    const [from, to] = server.members;
    expect(await client.ask(`send ${from!.token} ${to!.username} lama`)).toBe(sent);
    // The clock of the promise itself: there is nothing else to wait for.
    const until = Date.now() + tailMsMax;
    while (Date.now() < until) await client.ask('ping');
    await server.process.kill();
    await server.restart();
    const again = await server.connect();
    expect(await again.ask(`inbox ${to!.token}`)).toContain('"msg": "lama"');
  }, 60_000);
});

test('a client that stays connected over a SIGTERM reconnects and goes on with its token', async () => {
  server = await DurableServer.start();
  const [from, to] = server.members;
  const idle = await server.connect();
  const client = await server.connect();
  expect(await client.ask(`send ${from!.token} ${to!.username} sebelum`)).toBe(sent);
  const { code } = await server.process.stop();
  expect(code).toBe(0);
  expect([await idle.rest(), await client.rest()]).toEqual(['', '']);
  await server.restart();
  const again = await server.connect();
  expect(await again.ask(`send ${from!.token} ${to!.username} sesudah`)).toBe(sent);
  const texts = [...(await again.ask(`inbox ${to!.token}`)).matchAll(/"msg": "(\w+)"/g)];
  expect(texts.map(([, text]) => text)).toEqual(['sebelum', 'sesudah']);
}, 60_000);

test('activeuser after a restart: who logged in or came back lately, in order of login, and nobody logged out', async () => {
  server = await DurableServer.start();
  const client = await server.connect();
  const [first, second, third] = server.members;
  await client.ask(`logout ${third!.token}`);
  const before = await client.ask(`activeuser ${first!.token}`);
  await server.process.stop();
  await server.restart();
  const again = await server.connect();
  // In another order than that of login.
  await again.ask(`whoami ${second!.token}`);
  const comeBack = await again.ask(`activeuser ${first!.token}`);
  expect(comeBack).toContain(`"${first!.username}, ${second!.username}, `);
  expect(comeBack).not.toContain(third!.username);
  expect(comeBack).toBe(before);
}, 60_000);

test('--ephemeral says that it keeps nothing, touches no directory, and keeps nothing', async () => {
  server = await DurableServer.start();
  const folder = TemporaryFolder.onDisk();
  const data = folder.file('data');
  const first = await ServerProcess.start(['--ephemeral', '--threads', '1'], { data });
  expect(first.stdout).toMatch(/in memory only \(--ephemeral\)/);
  const client = await LineSocket.connect(first.address);
  const token = tokenOf(await client.ask('auth messi surabaya'));
  expect(await client.ask(`send ${token} messi fana`)).toBe(sent);
  expect((await first.stop()).code).toBe(0);
  const second = await ServerProcess.start(['--ephemeral', '--threads', '1'], { data });
  const again = await LineSocket.connect(second.address);
  expect(await again.ask(`inbox ${token}`)).toContain('BAD_SESSION');
  await second.stop();
  expect(folder.isEmpty).toBe(true);
  folder.remove();
}, 60_000);
