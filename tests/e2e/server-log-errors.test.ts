// Goal: a log that cannot be written, because its disk is full or its terminal closed, is no reason for the server to end.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import path from 'node:path';
import { compiledFolder } from '../support/compiled-folder';
import { LineSocket } from '../support/line-socket';

const serverFile = path.join(compiledFolder, 'server', 'main.js');
const okReply = /^\{"status": "OK"/;
let server: ChildProcess | undefined;

afterEach(() => {
  server?.kill('SIGKILL');
});

/** Starts a server whose standard error takes nothing; resolves to its port. */
async function startUnheard(format: string): Promise<number> {
  const full = openSync('/dev/full', 'w');
  const args = ['--ephemeral', '--port', '0', '--threads', '1', '--log-format', format];
  server = spawn(process.execPath, [serverFile, ...args], { stdio: ['ignore', 'pipe', full] });
  closeSync(full);
  let printed = '';
  for await (const text of server.stdout!.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += String(text);
    const port = /chat-client connect .*:(\d+)\n/.exec(printed);
    if (port !== null) return Number(port[1]);
  }
  throw new Error(`the server ended before it listened; it printed ${printed}`);
}

test.each(['json', 'pretty'])('as %s', async (format) => {
  const port = await startUnheard(format);
  const client = await LineSocket.connect({ host: '127.0.0.1', port });
  for (let lines = 0; lines < 3; lines += 1) {
    // Each is a line in the log.
    server!.kill('SIGHUP');
    expect(await client.ask('ping')).toMatch(okReply);
  }
  client.destroy();
  const exited = once(server!, 'exit');
  server!.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
});
