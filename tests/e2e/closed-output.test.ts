/** Goal: a program whose output nobody reads any more, as before `| head -1`, does what it was asked to do all the same. */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { ClientProcess } from '../support/client-process';
import { compiledFolder } from '../support/compiled-folder';
import { findFreePort } from '../support/free-port';
import { LineSocket } from '../support/line-socket';
import { ScriptedServer } from '../support/scripted-server';

const server = path.join(compiledFolder, 'server', 'main.js');
const load = path.join(compiledFolder, 'client', 'load', 'main.js');
const children: ChildProcessWithoutNullStreams[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  LineSocket.destroyAll();
});

/** Starts a program and reads nothing of its standard output. */
function startUnread(...args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = spawn(process.execPath, args);
  children.push(child);
  child.stdout.destroy();
  return child;
}

async function endOf(child: ChildProcessWithoutNullStreams): Promise<{ code: unknown; stderr: string }> {
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, stderr };
}

test.each([
  ['chat-server', server],
  ['chat-load', load],
])('%s --help', async (_name, file) => {
  expect(await endOf(startUnread(file, '--help'))).toEqual({ code: 0, stderr: '' });
});

test('a server serves, and stops as ever', async () => {
  const port = await findFreePort();
  const child = startUnread(
    server,
    '--ephemeral',
    '--threads',
    '1',
    '--port',
    String(port),
    '--log-level',
    'error',
  );
  const ended = endOf(child);
  const connect = async (): Promise<LineSocket> => {
    for (;;) {
      const client = await LineSocket.connect({ host: '127.0.0.1', port }).catch(() => undefined);
      if (client !== undefined) return client;
      if (child.exitCode !== null) throw new Error((await ended).stderr);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  const client = await connect();
  // Logging in takes longer than the start lines that follow the listening.
  expect(await client.ask('auth messi surabaya')).toMatch(/^\{"status": "OK"/);
  child.kill('SIGTERM');
  expect(await ended).toEqual({ code: 0, stderr: '' });
});

test('chat-client goes on without its hints', async () => {
  const replies = ['{"status": "OK", "tokenid": "t"}', '{"status": "OK", "messages": [], "more": false}'];
  const scripted = await ScriptedServer.start((_line, socket) => {
    socket.write(`${replies.shift() ?? '{"status": "OK", "message": "pong"}'}\r\n\r\n`);
  });
  const client = ClientProcess.start('connect', `127.0.0.1:${scripted.port}`);
  children.push(client.child);
  client.child.stderr.destroy();
  await client.enter('auth messi surabaya');
  client.child.stdin.write('search nothing\n');
  expect(await client.enter('ping')).toBe('pong');
  expect(await client.end()).toMatchObject({ code: 0 });
  await scripted.stop();
});
