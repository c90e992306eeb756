// Goal: a post is stored once although its server is killed and it is repeated; what was acknowledged stays read.
import { cleanUp } from '../support/clean-up';
import { DurableServer } from '../support/durable-server';
import { LineSocket } from '../support/line-socket';

interface Posted {
  readonly id: string;
  readonly duplicate: boolean;
}

interface Page {
  readonly messages: readonly { readonly id: string; readonly msg: string }[];
}

let server: DurableServer;

beforeEach(async () => {
  server = await DurableServer.start();
});
afterEach(async () => {
  LineSocket.destroyAll();
  await server.remove();
});
afterAll(cleanUp);

async function ask<Reply>(socket: LineSocket, line: string): Promise<Reply> {
  return JSON.parse(await socket.ask(line)) as Reply;
}

test('killed with SIGKILL between a post and its repetition, again and again', async () => {
  const [sender, receiver] = server.members as [{ token: string }, { username: string; token: string }];
  const first = new Map<string, string>();
  for (let life = 0; life < 4; life += 1) {
    const socket = await server.connect();
    for (const [key, id] of first) {
      const again = await ask<Posted>(socket, `post ${sender.token} ${key} ${receiver.username} ${key}`);
      expect(again).toMatchObject({ id, duplicate: true });
    }
    for (let number = 0; number < 20; number += 1) {
      const key = `key-${life}-${number}`;
      const { id, duplicate } = await ask<Posted>(
        socket,
        `post ${sender.token} ${key} ${receiver.username} ${key}`,
      );
      expect(duplicate).toBe(false);
      first.set(key, id);
    }
    await server.process.kill();
    await server.restart();
  }
  const socket = await server.connect();
  const { messages } = await ask<Page>(socket, `fetch ${receiver.token} 1000`);
  expect(messages.map(({ id, msg }) => [msg, id])).toEqual([...first]);
}, 90_000);

test('posts whose server is killed under them: repeated until answered, each is there once', async () => {
  const [sender, receiver] = server.members as [{ token: string }, { username: string; token: string }];
  const keys = Array.from({ length: 2_000 }, (_, index) => `key-${index}`);
  const line = (key: string): string => `post ${sender.token} ${key} ${receiver.username} ${key}\n`;
  const doomed = await server.connect();
  doomed.write(keys.map(line).join(''));
  await doomed.frames(300);
  await server.process.kill();
  await server.restart();
  const socket = await server.connect();
  socket.write(keys.map(line).join(''));
  const replies = (await socket.frames(keys.length)).map((reply) => JSON.parse(reply) as Posted);
  expect(replies.slice(0, 300).every(({ duplicate }) => duplicate)).toBe(true);
  const seen: string[][] = [];
  for (;;) {
    const { messages } = await ask<Page>(socket, `fetch ${receiver.token} 500`);
    if (messages.length === 0) break;
    seen.push(...messages.map(({ id, msg }) => [msg, id]));
    await ask(socket, `ack ${receiver.token} ${messages.at(-1)!.id}`);
  }
  expect(seen).toEqual(keys.map((key, index) => [key, replies[index]!.id]));
}, 60_000);

test('what was acknowledged is read after a SIGKILL, and nothing else is', async () => {
  const [sender, receiver] = server.members as [{ token: string }, { username: string; token: string }];
  const socket = await server.connect();
  for (const text of ['a', 'b', 'c', 'd'])
    await socket.ask(`send ${sender.token} ${receiver.username} ${text}`);
  const { messages } = await ask<Page>(socket, `fetch ${receiver.token}`);
  await ask(socket, `ack ${receiver.token} ${messages[1]!.id}`);
  await server.process.kill();
  await server.restart();
  const after = await server.connect();
  const page = await ask<Page>(after, `fetch ${receiver.token}`);
  expect(page.messages).toEqual(messages.slice(2));
  // Ids mean the same: an old one is fine, and one that is to come is not.
  expect(await after.ask(`ack ${receiver.token} ${messages[0]!.id}`)).toContain('Acknowledged');
  expect((await ask<Page>(after, `fetch ${receiver.token}`)).messages).toHaveLength(2);
}, 60_000);
