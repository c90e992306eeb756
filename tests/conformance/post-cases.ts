import { randomUUID } from 'node:crypto';
import { rule, type ConformanceCase } from './conformance-case';
import * as replies from './replies';

/** Section 3: `post`. Keys are remembered for a day, so each case takes new ones. */
export const postCases: readonly ConformanceCase[] = [
  rule(
    3,
    'post: once stored, the same key gives the same id with duplicate true, and stores nothing',
    async (scene) => {
      const { messi, lineker } = scene.cast;
      const reader = await scene.enter(messi);
      const [sender, other] = [await scene.login(lineker), await scene.login(lineker)];
      const key = randomUUID();
      const id = idOf(await scene.expect(`post ${sender} ${key} ${messi.username}  halo é `, replies.posted));
      const again = replies.ok(`"id": "${id}", "duplicate": true`);
      await scene.expect(`post ${sender} ${key} ${messi.username} halo é`, again);
      // Another session, text and destination, and a connection of its own.
      const second = await scene.connect();
      await scene.expect(`post ${other} ${key} ${lineker.username} hai`, again, second);
      const shown = { sender: lineker, receiver: messi, text: 'halo \\u00e9' };
      const page = await scene.expect(`fetch ${reader}`, replies.messagesReply([shown], false));
      scene.check(
        'fetch',
        'the id of the post',
        page.includes(`"id": "${id}"`) ? 'the id of the post' : page,
      );
      await scene.expect(`ack ${reader} ${id}`, replies.acknowledged);
      await scene.expect(`post ${sender} ${key} ${messi.username} halo é`, again);
      await scene.expect(`fetch ${reader}`, replies.nothingUnread);
    },
  ),
  rule(3, 'post: two senders may use the same key, for a message each', async (scene) => {
    const { messi, lineker } = scene.cast;
    const [one, two] = [await scene.enter(messi), await scene.login(lineker)];
    const key = randomUUID();
    await scene.expect(`post ${one} ${key} ${messi.username} satu`, replies.posted);
    await scene.expect(`post ${two} ${key} ${messi.username} dua`, replies.posted);
    const messages = [
      { sender: messi, receiver: messi, text: 'satu' },
      { sender: lineker, receiver: messi, text: 'dua' },
    ];
    await scene.expect(`fetch ${one}`, replies.messagesReply(messages, false));
  }),
  rule(
    3,
    'post: pipelined on two connections at once under one key, exactly one is stored',
    async (scene) => {
      const { messi } = scene.cast;
      const token = await scene.enter(messi);
      const other = await scene.connect();
      const [rounds, key] = [50, randomUUID()];
      for (const socket of [scene.wire, other])
        socket.write(
          Array.from({ length: rounds }, (_, n) => `post ${token} ${key}-${n} ${messi.username} ${n}\n`).join(
            '',
          ),
        );
      const answers = [await scene.wire.frames(rounds), await other.frames(rounds)];
      for (let round = 0; round < rounds; round += 1) {
        const ids = answers.map((frames) => /"id": "([!-~]+?)"/.exec(frames[round]!)?.[1]);
        const news = answers.filter((frames) => frames[round]!.includes('"duplicate": false')).length;
        scene.check(
          `post … ${round}, twice`,
          'one id, new once',
          `${new Set(ids).size === 1 ? 'one id' : ids.join(' and ')}, new ${news === 1 ? 'once' : `${news} times`}`,
        );
      }
      const texts = Array.from({ length: rounds }, (_, n) => n).join();
      const page = await scene.expect(`fetch ${token} 1000`, replies.anyOk);
      const found = Array.from(page.matchAll(/"msg": "(\d+)"/g), (match) => Number(match[1])).sort(
        (a, b) => a - b,
      );
      scene.check('fetch', texts, found.join());
    },
  ),
  rule(3, 'post: a key of 64 visible ASCII characters is fine, any other is BAD_COMMAND', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.enter(messi);
    const key = `"\\{}~!${randomUUID()}`.padEnd(64, 'x');
    await scene.expect(`post ${token} ${key} ${messi.username} halo`, replies.posted);
    for (const bad of [`${key}x`, 'é', '😀'])
      await scene.expect(`post ${token} ${bad} ${messi.username} halo`, replies.badCommand);
    for (const request of [
      'post',
      `post ${token}`,
      `post ${token} ${key}`,
      `post ${token} ${key} ${messi.username} `,
    ])
      await scene.expect(request, replies.badCommand);
    await scene.expect(`post 123 ${key} ${messi.username} halo`, replies.badSession);
  }),
  rule(3, 'post: what is refused is not remembered', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.enter(messi);
    const key = randomUUID();
    await scene.expect(`post ${token} ${key} nobody-by-this-name halo`, replies.recipientNotFound);
    await scene.expect(`post ${token} ${key} ${messi.username} ${'a'.repeat(4_097)}`, replies.messageTooLong);
    await scene.expect(`post ${token} ${key} ${messi.username} halo`, replies.posted);
  }),
];

function idOf(reply: string): string {
  return replies.posted.exec(reply)![1]!;
}
