/** Goal: with the real server, killed or restarted in mid-conversation, live chats get and post each message exactly once. */
import { LiveChat, type ChatMessage } from '../../client';
import { cleanUp } from '../support/clean-up';
import { findFreePort } from '../support/free-port';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

jest.setTimeout(120_000);

const password = 'surabaya';
const chats: LiveChat[] = [];
let folder: TemporaryFolder;
let port: number;
let server: ServerProcess;

beforeEach(async () => {
  folder = TemporaryFolder.onDisk();
  port = await findFreePort();
});

afterEach(async () => {
  for (const chat of chats.splice(0)) chat.release();
  await cleanUp();
  folder.remove();
});

async function start(usernames: readonly string[]): Promise<void> {
  const lines = usernames.map((username) => JSON.stringify({ username, password, name: `The ${username}` }));
  const users = folder.write('users.jsonl', `${lines.join('\n')}\n`);
  server = await ServerProcess.start(['--threads', '2', '--users', users], {
    data: folder.file('data'),
    port,
  });
}

class Member {
  readonly received: ChatMessage[] = [];
  chat!: LiveChat;
  private constructor(readonly username: string) {}

  static async logIn(username: string): Promise<Member> {
    const member = new Member(username);
    member.chat = await LiveChat.open({
      host: '127.0.0.1',
      port,
      username,
      password,
      delayMsMin: 20,
      delayMsMax: 200,
      onMessage: (message) => {
        member.received.push(message);
      },
    });
    member.chat.closed.catch(() => undefined);
    chats.push(member.chat);
    return member;
  }

  /** Resolves once every message is acknowledged. */
  async allRead(): Promise<void> {
    for (;;) {
      const page = await this.chat
        .ask((connection, token) => connection.fetch(token))
        .catch(() => ({ messages: [null] }));
      if (page.messages.length === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

function names(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `member-${index}`);
}

/** What of the expected texts is missing or doubled; the order of each sender's. */
function judge(member: Member, expected: ReadonlyMap<string, readonly string[]>): void {
  for (const [sender, texts] of expected) {
    const received = member.received.filter(({ from }) => from === sender).map(({ text }) => text);
    expect(received).toEqual(texts);
  }
}

test('eight chats, one server killed again and again', async () => {
  const usernames = names(8);
  await start(usernames);
  const members = await Promise.all(usernames.map((username) => Member.logIn(username)));
  const roundCount = 12;
  const kills = 5;
  const postCount = roundCount * members.length ** 2;
  let storedCount = 0;
  let killAt: { count: number; now: () => void } | undefined;
  const post = async (from: Member, to: Member, text: string): Promise<void> => {
    await from.chat.post(to.username, text);
    storedCount += 1;
    if (killAt !== undefined && storedCount >= killAt.count) killAt.now();
  };
  const talk = async (from: Member): Promise<void> => {
    for (let round = 0; round < roundCount; round += 1)
      await Promise.all(members.map((to) => post(from, to, `${from.username} says ${round}`)));
  };
  const talking = Promise.all(members.map(talk));
  for (let kill = 1; kill <= kills; kill += 1) {
    await new Promise<void>((now) => {
      killAt = { count: (postCount * kill) / (kills + 1), now };
    });
    await server.kill();
    await start(usernames);
  }
  await talking;
  await Promise.all(members.map((member) => member.allRead()));
  const expected = new Map(
    usernames.map((username) => [
      username,
      Array.from({ length: roundCount }, (_, round) => `${username} says ${round}`),
    ]),
  );
  for (const member of members) judge(member, expected);
});

test('a restart that is announced: everybody comes back, nothing is lost or doubled', async () => {
  const usernames = names(20);
  await start(usernames);
  const members = await Promise.all(usernames.map((username) => Member.logIn(username)));
  const announced = members.map(
    ({ chat }) =>
      new Promise<number>((resolve) => {
        chat.once('restart', resolve);
      }),
  );
  const back = members.map(
    ({ chat }) =>
      new Promise<void>((resolve) => {
        chat.once('offline', () => {
          chat.once('online', resolve);
        });
      }),
  );
  const posts = members.map(({ chat }, index) => chat.post(usernames[(index + 1) % 20]!, 'before'));
  await server.stop();
  const delays = await Promise.all(announced);
  expect(new Set(delays).size).toBeGreaterThan(5);
  posts.push(...members.map(({ chat }, index) => chat.post(usernames[(index + 1) % 20]!, 'meanwhile')));
  await start(usernames);
  await Promise.all(back);
  await Promise.all(posts);
  await Promise.all(members.map((member) => member.allRead()));
  for (const [index, member] of members.entries())
    judge(member, new Map([[usernames[(index + 19) % 20]!, ['before', 'meanwhile']]]));
});
