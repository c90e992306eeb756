/** Goal: the bot of the docs runs as it stands there, and answers each message once, killed or not. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { LiveChat } from '../../client';
import { cleanUp } from '../support/clean-up';
import { compiledFolder } from '../support/compiled-folder';
import { ServerProcess } from '../support/server-process';

const botFile = path.join(compiledFolder, '..', 'docs', 'examples', 'echo-bot.mjs');
const bots: ChildProcess[] = [];
let chat: LiveChat | undefined;

afterEach(async () => {
  for (const bot of bots.splice(0)) bot.kill('SIGKILL');
  chat?.release();
  await cleanUp();
});

/** Resolves when the bot says that it is online. */
async function startBot(server: ServerProcess): Promise<ChildProcess> {
  const { host, port } = server.address;
  const bot = spawn(process.execPath, [botFile, `${host}:${port}`, 'henderson'], {
    env: { ...process.env, CHAT_PASSWORD: 'surabaya' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  bots.push(bot);
  for await (const line of createInterface({ input: bot.stdout }))
    if (line === 'henderson is online') return bot;
  throw new Error('the bot ended before it was online');
}

test('the echo bot', async () => {
  const server = await ServerProcess.start(['--threads', '2']);
  const { host, port } = server.address;
  const answers: string[] = [];
  let heard: () => void = () => undefined;
  chat = await LiveChat.open({
    host,
    port,
    username: 'messi',
    password: 'surabaya',
    onMessage: ({ from, text }) => {
      answers.push(`${from}: ${text}`);
      heard();
    },
  });
  chat.closed.catch(() => undefined);
  const hears = async (count: number): Promise<void> => {
    while (answers.length < count) await new Promise<void>((resolve) => (heard = resolve));
  };

  const first = await startBot(server);
  for (const text of ['halo', 'apa kabar? 😀']) await chat.post('henderson', text);
  await hears(2);
  first.kill('SIGKILL');
  await once(first, 'exit');
  await chat.post('henderson', 'masih di sana?');
  const second = await startBot(server);
  await chat.post('henderson', 'bagus');
  await hears(4);
  second.kill('SIGTERM');
  expect(await once(second, 'exit')).toEqual([0, null]);
  expect(answers).toEqual([
    'henderson: halo',
    'henderson: apa kabar? 😀',
    'henderson: masih di sana?',
    'henderson: bagus',
  ]);
});
