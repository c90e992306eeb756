// Goal: what users trust the server with is not in its logs, its errors, the process list or anybody else's reach.
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { header } from '../../shared/store/header';
import { cleanUp } from '../support/clean-up';
import type { DeathKind } from '../support/kill-switch';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

const secrets = {
  password: 'kata-sandi-rahasia-1',
  newPassword: 'kata-sandi-rahasia-2',
  wrongPassword: 'kata-sandi-salah-3',
  unknownToken: '0f8fad5b-d9cb-469f-a165-70867728950e',
  sentText: 'pesan-rahasia-4',
  postedText: 'pesan-rahasia-5',
  lostText: 'pesan-rahasia-6',
  foundWord: 'pesan-rahasia-7',
} as const;
const { password, newPassword, wrongPassword, unknownToken, sentText, postedText, lostText, foundWord } =
  secrets;

let folder: TemporaryFolder;
let data: string;
let server: ServerProcess;

afterAll(cleanUp);
beforeEach(() => {
  folder = TemporaryFolder.onDisk();
  data = folder.file('data');
});
afterEach(async () => {
  await server.kill();
  folder.remove();
});

/** Every file and folder below one, and itself, by name. */
function everythingIn(name: string): string[] {
  if (!lstatSync(name).isDirectory()) return [name];
  return [name, ...readdirSync(name).flatMap((entry) => everythingIn(path.join(name, entry)))];
}

/** Those that others than the owner may use: what is `0700` for a folder is `0600` for a file or a socket. */
function reachableByOthers(): string[] {
  return everythingIn(data).filter((name) => {
    const stat = lstatSync(name);
    return (stat.mode & 0o777) !== (stat.isDirectory() ? 0o700 : 0o600);
  });
}

function tokenIn(reply: string): string {
  return (JSON.parse(reply) as { tokenid: string }).tokenid;
}

/** Uses every command that takes a secret, as it should be used and wrongly. Returns the tokens. */
async function useSecrets(): Promise<string[]> {
  const client = await LineSocket.connect(server.address);
  expect(await client.ask(`register rahasia ${password} Nama`)).toContain('"OK"');
  expect(await client.ask(`register rahasia ${password}`)).toContain('"USER_EXISTS"');
  expect(await client.ask(`auth rahasia ${wrongPassword}`)).toContain('"WRONG_PASSWORD"');
  expect(await client.ask(`auth nobody ${password}`)).toContain('"NO_SUCH_USER"');
  expect(await client.ask(`AUTH rahasia ${password}`)).toContain('"BAD_COMMAND"');
  expect(await client.ask(`auth rahasia ${password}\0`)).toContain('"BAD_REQUEST"');
  expect(await client.ask(`auth rahasia ${password} ${'x'.repeat(10_000)}`)).toContain('"LINE_TOO_LONG"');
  const first = tokenIn(await client.ask(`auth rahasia ${password}`));
  expect(await client.ask(`passwd ${first} ${wrongPassword} ${newPassword}`)).toContain('"WRONG_PASSWORD"');
  expect(await client.ask(`passwd ${first} ${password} ${newPassword}`)).toContain('"OK"');
  const second = tokenIn(await client.ask(`auth rahasia ${newPassword}`));
  expect(await client.ask(`send ${unknownToken} messi ${sentText}`)).toContain('"BAD_SESSION"');
  expect(await client.ask(`send ${second} nobody ${sentText}`)).toContain('"RECIPIENT_NOT_FOUND"');
  expect(await client.ask(`send ${second} messi ${sentText.repeat(300)}`)).toContain('"MESSAGE_TOO_LONG"');
  expect(await client.ask(`send ${second} rahasia ${sentText}`)).toContain('"OK"');
  expect(await client.ask(`post ${second} kunci rahasia ${postedText}`)).toContain('"OK"');
  expect(await client.ask(`search ${second} ${foundWord}`)).toContain('"OK"');
  expect(await client.ask(`inbox ${second}`)).toContain(sentText);
  const foreign = await LineSocket.connect(server.address);
  foreign.write(`GET /?password=${password} HTTP/1.1\r\nHost: ${unknownToken}\r\n\r\n`);
  await foreign.untilOver();
  // It goes away in the middle of a line.
  const brief = await LineSocket.connect(server.address);
  await brief.writeFlushed(`auth rahasia ${newPassword}`);
  brief.destroy();
  client.destroy();
  return [first, second];
}

/** A worker dies in the middle of a send. */
async function loseWorker(token: string, death: DeathKind): Promise<void> {
  const place = { role: 'command', word: header.ringTail, when: 'before', death, count: 1 } as const;
  await server.ask({ kind: 'arm', place });
  const client = await LineSocket.connect(server.address);
  expect(await client.ask(`send ${token} rahasia ${lostText}`)).toContain('"UNKNOWN_OUTCOME"');
  expect(await client.ask(`whoami ${token}`)).toContain('"OK"');
  client.destroy();
}

test('no password, token or message is printed or listed, whatever fails, and no file is open to others', async () => {
  server = await ServerProcess.start(['--threads', '2', '--open-registration', '--log-level', 'trace'], {
    data,
    preload: 'kill-switch.js',
  });
  const tokens = await useSecrets();
  await loseWorker(tokens[1]!, 'throw');
  await loseWorker(tokens[1]!, 'memory');
  const listed = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${server.pid}/${name}`, 'latin1'));
  expect(everythingIn(data).some((name) => lstatSync(name).isSocket())).toBe(true);
  expect(reachableByOthers()).toEqual([]);
  const { code, stdout, stderr } = await server.stop();
  expect(code).toBe(0);
  expect(stdout + stderr).toContain('"level":');
  const all = [stdout, stderr, ...listed].join('\n');
  expect([...Object.values(secrets), ...tokens].filter((secret) => all.includes(secret))).toEqual([]);

  expect(reachableByOthers()).toEqual([]);
  const files = everythingIn(data).filter((name) => lstatSync(name).isFile());
  const stored = files.map((name) => readFileSync(name, 'latin1')).join('\n');
  expect([password, newPassword, wrongPassword].filter((word) => stored.includes(word))).toEqual([]);
  // Messages are stored as they are: else this would look in the wrong place.
  expect(stored).toContain(sentText);
}, 90_000);

test('a certificate’s key that the server makes is its owner’s alone', async () => {
  server = await ServerProcess.start(['--threads', '1', '--tls-self-signed'], { data });
  expect(everythingIn(data).filter((name) => /key/.test(path.basename(name)))).not.toEqual([]);
  expect(reachableByOthers()).toEqual([]);
});
