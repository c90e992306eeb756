import { Mismatch } from './case-errors';
import { rule, type ConformanceCase } from './conformance-case';
import * as replies from './replies';

/** Section 3: `fetch` and `ack`. */
export const unreadCases: readonly ConformanceCase[] = [
  rule(
    3,
    'fetch: all fields in the order of the contract, oldest first, and nothing is marked read',
    async (scene) => {
      const { messi, henderson, lineker } = scene.cast;
      const reader = await scene.enter(messi);
      await scene.expect(`fetch ${reader}`, replies.nothingUnread);
      const [first, second] = [await scene.login(lineker), await scene.login(henderson)];
      await scene.expect(`send ${first} ${messi.username} satu "1"`, replies.messageSent);
      await scene.expect(`send ${second} ${messi.username} dua é`, replies.messageSent);
      const messages = [
        { sender: lineker, receiver: messi, text: 'satu \\"1\\"' },
        { sender: henderson, receiver: messi, text: 'dua \\u00e9' },
      ];
      const page = await scene.expect(`fetch ${reader}`, replies.messagesReply(messages, false));
      await scene.expect(`fetch ${reader} 1000`, page);
      await scene.expect(`fetch ${reader} 1`, replies.messagesReply(messages.slice(0, 1), true));
      scene.check('fetch', 'two different ids', new Set(idsOf(page)).size === 2 ? 'two different ids' : page);
      expectTimesNow(page);
    },
  ),
  rule(3, 'fetch: a limit that is none, or not of 1 to 1000, is BAD_COMMAND', async (scene) => {
    const token = await scene.login(scene.cast.messi);
    for (const limit of ['0', '1001', '-1', '1.0', 'all', 'é', '99999999999999999999'])
      await scene.expect(`fetch ${token} ${limit}`, replies.badCommand);
  }),
  rule(3, 'ack: everything up to and including the message is read, in order of arrival', async (scene) => {
    const { messi } = scene.cast;
    const [token, other] = [await scene.enter(messi), await scene.login(messi)];
    for (const text of ['a', 'b', 'c'])
      await scene.expect(`send ${token} ${messi.username} ${text}`, replies.messageSent);
    const ids = idsOf(await scene.expect(`fetch ${token}`, replies.anyOk));
    await scene.expect(`ack ${token} ${ids[1]!}`, replies.acknowledged);
    const left = { sender: messi, receiver: messi, text: 'c' };
    // Also for another session, and with an id that is read already.
    await scene.expect(`fetch ${other}`, replies.messagesReply([left], false));
    await scene.expect(`ack ${other} ${ids[0]!}`, replies.acknowledged);
    await scene.expect(`inbox ${token}`, replies.inboxReply(messi, [{ sender: messi, texts: ['c'] }]));
    await scene.expect(`ack ${token} ${ids[2]!}`, replies.acknowledged);
    await scene.expect(`fetch ${token}`, replies.nothingUnread);
  }),
  rule(
    3,
    'ack: of a message that was never this user’s is NO_SUCH_MESSAGE and changes nothing',
    async (scene) => {
      const { messi, lineker } = scene.cast;
      const [token, other] = [await scene.enter(messi), await scene.enter(lineker)];
      await scene.expect(`send ${token} ${messi.username} mine`, replies.messageSent);
      await scene.expect(`send ${token} ${lineker.username} yours`, replies.messageSent);
      const [yours] = idsOf(await scene.expect(`fetch ${other}`, replies.anyOk));
      for (const id of [yours!, 'no-such-id', '0', 'é', 'x'.repeat(1_000)])
        await scene.expect(`ack ${token} ${id}`, replies.noSuchMessage);
      const mine = { sender: messi, receiver: messi, text: 'mine' };
      await scene.expect(`fetch ${token}`, replies.messagesReply([mine], false));
    },
  ),
  rule(3, 'fetch and ack: without a session BAD_SESSION, without an id BAD_COMMAND', async (scene) => {
    const token = await scene.login(scene.cast.messi);
    await scene.expect('fetch 123', replies.badSession);
    await scene.expect('ack 123 1-1', replies.badSession);
    for (const request of ['fetch', 'ack', `ack ${token}`, `ack ${token}  \r`])
      await scene.expect(request, replies.badCommand);
  }),
  rule(3, 'fetch: a reply stays within 1 MiB and says that there is more', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.enter(messi);
    const count = 90;
    for (let index = 0; index < count; index += 1)
      scene.wire.write(`send ${token} ${messi.username} ${1_000 + index}${'é'.repeat(2_046)}\n`);
    await scene.wire.frames(count);
    const seen: string[] = [];
    for (let more = true; more;) {
      const page = await scene.expect(`fetch ${token} 1000`, replies.anyOk);
      if (page.length > 1_048_576)
        throw new Mismatch('fetch', 'at most 1048576 bytes', `${page.length} bytes`);
      seen.push(...Array.from(page.matchAll(/"msg": "(\d+)/g), (match) => match[1]!));
      await scene.expect(`ack ${token} ${idsOf(page).at(-1)!}`, replies.acknowledged);
      more = page.endsWith('"more": true}\r\n\r\n');
    }
    scene.check(
      'fetch, ack, fetch, …',
      Array.from({ length: count }, (_, index) => 1_000 + index).join(),
      seen.join(),
    );
  }),
];

function idsOf(page: string): string[] {
  return Array.from(page.matchAll(/"id": "([!-~]+?)"/g), (match) => match[1]!);
}

/** The server's clock may differ from ours, but not by a day. */
function expectTimesNow(page: string): void {
  for (const [, at] of page.matchAll(/"at": "([^"]+)"/g)) {
    if (Math.abs(Date.parse(at!) - Date.now()) > 86_400_000)
      throw new Mismatch('fetch', 'the time of sending', at!);
  }
}
