// Goal: guessing passwords is held back, cheaply, and nobody else is: not the victim, not the neighbours, not a session.
import * as replies from '../conformance/replies';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { jsonLines, operate } from '../support/operator-command';
import { rateLimited, retryMsOf } from '../support/rate-limited';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

const [attacker, home, elsewhere] = ['127.0.0.2', '127.0.0.3', '127.0.0.4'];
const free = 5;
let server: ServerProcess;

beforeEach(async () => {
  server = await ServerProcess.start(['--threads', '2', '--limit-loopback', '--open-registration']);
});
afterEach(async () => {
  await server.kill();
});

function from(localAddress: string): Promise<LineSocket> {
  return LineSocket.connect(server.address, { localAddress });
}

async function logIn(client: LineSocket, name = 'messi'): Promise<string> {
  return replies.tokenReply.exec(await client.ask(`auth ${name} surabaya`))![1]!;
}

/** Guesses one after the other; the replies. */
async function guess(client: LineSocket, count: number, name = 'messi'): Promise<string[]> {
  client.write(`auth ${name} salah\n`.repeat(count));
  return client.frames(count);
}

test('after five wrong passwords the next try has to wait, and then it may', async () => {
  const client = await from(attacker);
  const guessedAt = performance.now();
  const answers = await guess(client, free + 1);
  expect(answers.slice(0, free)).toEqual(new Array<string>(free).fill(replies.wrongPassword));
  expect(answers[free]).toMatch(rateLimited);
  const retryMs = retryMsOf(answers[free]!);
  expect(retryMs).toBeLessThanOrEqual(1_000);
  const refusedAt = performance.now();
  // A refusal is made after it was asked for, and may be long on its way here.
  let allowedAt = guessedAt + retryMs;
  while (performance.now() - refusedAt <= retryMs) {
    const askedAt = performance.now();
    const reply = await client.ask('auth messi surabaya');
    if (replies.tokenReply.test(reply)) {
      expect(performance.now()).toBeGreaterThan(allowedAt);
      return;
    }
    allowedAt = askedAt + retryMsOf(reply);
  }
  expect(await client.ask('auth messi surabaya')).toMatch(replies.tokenReply);
});

test('what is held back is refused for next to nothing', async () => {
  const client = await from(attacker);
  await guess(client, free);
  const refused = await guess(client, 200);
  // Two hundred hashes would take seconds, in which the delay would be over more than once or twice.
  expect(refused.filter((reply) => rateLimited.test(reply)).length).toBeGreaterThan(197);
});

test('a name that nobody has is held back just so', async () => {
  const client = await from(attacker);
  const answers = await guess(client, free + 2, 'maradona');
  expect(answers.slice(0, free)).toEqual(new Array<string>(free).fill(replies.noSuchUser));
  expect(answers.slice(free).every((reply) => rateLimited.test(reply))).toBe(true);
});

test('in parallel no more guesses are let in than one after the other', async () => {
  const clients = await Promise.all(Array.from({ length: 40 }, () => from(attacker)));
  await guess(clients[0]!, 1);
  const answers = await Promise.all(clients.map((client) => client.ask('auth messi salah')));
  expect(answers.filter((reply) => reply === replies.wrongPassword).length).toBeLessThan(free);
  expect(answers.filter((reply) => rateLimited.test(reply)).length).toBeGreaterThan(40 - free);
});

test('the victim logs in from where it usually is, its session goes on, and its neighbours notice nothing', async () => {
  const victim = await from(home);
  const token = await logIn(victim);
  for (let number = 10; number < 34; number += 1) {
    const client = await from(`127.0.1.${number}`);
    await client.ask('auth messi salah');
    client.destroy();
  }
  const stranger = await from(elsewhere);
  expect(await stranger.ask('auth messi surabaya')).toMatch(rateLimited);
  expect(await stranger.ask(`send ${token} messi halo`)).toBe(replies.messageSent);
  await logIn(stranger, 'lineker');
  await logIn(victim);
  await server.untilPrinted(/too many failed logins/);
  expect(server.stderr).not.toContain('salah');
});

test('the same address goes on with other accounts, and with tokens', async () => {
  const client = await from(attacker);
  const token = await logIn(client, 'henderson');
  await guess(client, 20);
  expect(await client.ask('auth messi surabaya')).toMatch(rateLimited);
  expect(await client.ask(`whoami ${token}`)).toMatch(replies.anyOk);
  await logIn(client, 'lineker');
});

test('passwd counts as a guess too', async () => {
  const client = await from(attacker);
  const token = await logIn(client);
  client.write(`passwd ${token} salah baru\n`.repeat(free + 1));
  const answers = await client.frames(free + 1);
  expect(answers.slice(0, free)).toEqual(new Array<string>(free).fill(replies.wrongPassword));
  expect(answers[free]).toMatch(rateLimited);
  expect(await client.ask(`whoami ${token}`)).toMatch(replies.anyOk);
});

test('an address makes ten accounts an hour, another address its own', async () => {
  const client = await from(attacker);
  client.write(Array.from({ length: 11 }, (_, number) => `register new${number} surabaya\n`).join(''));
  const answers = await client.frames(11);
  expect(answers.slice(0, 10).every((reply) => replies.anyOk.test(reply))).toBe(true);
  expect(answers[10]).toMatch(rateLimited);
  expect(retryMsOf(answers[10]!)).toBeGreaterThan(300_000);
  // What is refused for another reason is not counted.
  const other = await from(elsewhere);
  for (let count = 0; count < 12; count += 1)
    expect(await other.ask('register new1 surabaya')).toMatch(replies.errorCoded('USER_EXISTS'));
  expect(await other.ask('register new11 surabaya')).toMatch(replies.anyOk);
});

test('this machine’s own addresses are exempt unless --limit-loopback', async () => {
  const open = await ServerProcess.start(['--threads', '2']);
  const client = await LineSocket.connect(open.address);
  const answers = await guess(client, 30);
  expect(answers).toEqual(new Array<string>(30).fill(replies.wrongPassword));
  client.destroy();
  await open.stop();
});

describe('with a data directory', () => {
  let folder: TemporaryFolder;
  let data: string;

  beforeEach(async () => {
    folder = new TemporaryFolder();
    data = folder.file('data');
    await server.stop();
    server = await startKept();
  });
  afterEach(() => {
    folder.remove();
  });

  function startKept(): Promise<ServerProcess> {
    return ServerProcess.start(['--threads', '1', '--limit-loopback'], { data });
  }

  test('a restart forgives nobody, and knows who is at home where', async () => {
    await logIn(await from(home));
    for (const [index, address] of [attacker, elsewhere, '127.0.0.5', '127.0.0.6'].entries())
      await guess(await from(address), index === 0 ? 12 : free);
    await server.stop();
    server = await startKept();
    // The delay may be over by now, for one attempt: the next shows that the count goes on where it was.
    for (const address of [attacker, '127.0.0.7'])
      expect((await guess(await from(address), 2))[1]).toMatch(rateLimited);
    await logIn(await from(home));
  });

  test('a damaged file is said, and the server starts', async () => {
    await guess(await from(attacker), free);
    await server.stop();
    folder.write('data/limits.jsonl', 'x');
    server = await startKept();
    await server.untilPrinted(/the limits are counted anew/);
    expect(await (await from(attacker)).ask('auth messi salah')).toBe(replies.wrongPassword);
  });

  test('the operator sees who is held back and lets them go on, while the server runs and while it is stopped', async () => {
    await guess(await from(attacker), 10);
    const listed = await operate(['limits', '--json', '--data', data]);
    expect(jsonLines(listed.stdout)).toMatchObject([
      { what: 'login', account: 'messi', address: attacker, count: 5 },
    ]);
    expect((await operate(['limits', '--data', data])).stdout).toMatch(/login +messi +127\.0\.0\.2 +5 /);
    expect(await operate(['limits', 'clear', elsewhere, '--data', data])).toMatchObject({
      code: 0,
      stdout: 'cleared 0 counts\n',
    });
    expect(await operate(['limits', 'clear', 'messi', '--data', data])).toMatchObject({
      code: 0,
      stdout: 'cleared 2 counts\n',
    });
    const client = await from(attacker);
    expect(await client.ask('auth messi surabaya')).toMatch(replies.tokenReply);
    await guess(client, 10, 'lineker');
    await server.stop();
    expect((await operate(['limits', '--data', data])).stdout).toContain('lineker');
    expect(await operate(['limits', 'clear', attacker, '--data', data])).toMatchObject({ code: 0 });
    expect((await operate(['limits', '--data', data])).stdout).not.toContain('lineker');
    expect(await operate(['limits', 'clear', 'a b', '--data', data])).toMatchObject({ code: 2 });
  }, 60_000);
});
