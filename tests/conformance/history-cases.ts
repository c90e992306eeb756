import { randomBytes } from 'node:crypto';
import { Mismatch, NotApplicable } from './case-errors';
import { rule, type ConformanceCase } from './conformance-case';
import * as replies from './replies';
import type { Scene } from './scene';

/** Section 3: `history` and `search`, on servers that keep history. */
export const historyCases: readonly ConformanceCase[] = [
  rule(3, 'history: both directions, oldest first within a page, the newest page first', async (scene) => {
    const { messi, lineker } = scene.cast;
    const [one, two] = [await enterWithHistory(scene), await scene.enter(lineker)];
    const word = freshWord();
    for (const [token, peer, number] of [
      [one, lineker, 1],
      [two, messi, 2],
      [one, lineker, 3],
    ] as const)
      await scene.expect(`send ${token} ${peer.username} ${word} ${number}`, replies.messageSent);
    const said = [
      { sender: messi, receiver: lineker, text: `${word} 1` },
      { sender: lineker, receiver: messi, text: `${word} 2` },
      { sender: messi, receiver: lineker, text: `${word} 3` },
    ];
    for (const [token, peer] of [
      [one, lineker],
      [two, messi],
    ] as const) {
      const newest = await scene.expect(
        `history ${token} ${peer.username} 2`,
        replies.messagesReply(said.slice(1), true),
      );
      const id = /"id": "([^"]+)"/.exec(newest)![1]!;
      const older = await scene.expect(`history ${token} ${peer.username} 1 ${id}`, replies.anyOk);
      const page = [`"messages": [`, ...said.slice(0, 1).map(({ text }) => `"msg": "${text}"`)];
      if (!page.every((part) => older.includes(part))) throw new Mismatch('history', page.join('…'), older);
    }
  }),
  rule(3, 'history: limits from 1 to 1000, ids of the form of an id, peers that there are', async (scene) => {
    const token = await enterWithHistory(scene);
    const { lineker } = scene.cast;
    for (const limit of ['0', '1001', '-1', 'x', '1.5'])
      await scene.expect(`history ${token} ${lineker.username} ${limit}`, replies.badCommand);
    await scene.expect(`history ${token} ${lineker.username} 10 not/an-id`, replies.noSuchMessage);
    for (const name of ['nobody-by-this-name', 'no/such!name'])
      await scene.expect(`history ${token} ${name}`, replies.recipientNotFound);
    await scene.expect(`history ${token}`, replies.badCommand);
    await scene.expect('history not-a-token lineker', replies.badSession);
  }),
  rule(3, 'search: all words, in either case, most recent first; only one’s own', async (scene) => {
    const { messi, henderson, lineker } = scene.cast;
    const [one, two] = [await enterWithHistory(scene), await scene.enter(lineker)];
    const word = freshWord();
    await scene.expect(`send ${one} ${lineker.username} ${word.toUpperCase()}, satu!`, replies.messageSent);
    await scene.expect(`send ${two} ${messi.username} dua: ${word}`, replies.messageSent);
    await scene.expect(`send ${two} ${lineker.username} sendiri ${word}`, replies.messageSent);
    const said = [
      { sender: lineker, receiver: messi, text: `dua: ${word}` },
      { sender: messi, receiver: lineker, text: `${word.toUpperCase()}, satu!` },
    ];
    await scene.expect(`search ${one} ${word}`, replies.messagesReply(said, false));
    await scene.expect(`search ${one} Satu ${word}`, replies.messagesReply(said.slice(1), false));
    await scene.expect(`search ${one} ${word}x`, replies.messagesReply([], false));
    await scene.expect(`search ${one} ${word} tiga`, replies.messagesReply([], false));
    await scene.expect(`search ${one} ${word} @${lineker.username}`, replies.messagesReply(said, false));
    await scene.expect(`search ${one} ${word} @${henderson.username}`, replies.messagesReply([], false));
    const first = await scene.expect(`search ${one} dua ${word}`, replies.anyOk);
    const id = /"id": "([^"]+)"/.exec(first)![1]!;
    await scene.expect(`search ${one} ${word} <${id}`, replies.messagesReply(said.slice(1), false));
    await scene.expect(
      `search ${one} ${word} @${lineker.username} <${id}`,
      replies.messagesReply(said.slice(1), false),
    );
  }),
  rule(3, 'search: without a word BAD_COMMAND, of nobody RECIPIENT_NOT_FOUND', async (scene) => {
    const token = await enterWithHistory(scene);
    for (const words of ['', ' !?', ' …']) await scene.expect(`search ${token}${words}`, replies.badCommand);
    await scene.expect(`search ${token} kata @nobody-by-this-name`, replies.recipientNotFound);
    await scene.expect(`search ${token} kata <not/an-id`, replies.noSuchMessage);
    await scene.expect('search not-a-token kata', replies.badSession);
  }),
];

/** Logs in the first of the cast, unless the server keeps no history. */
async function enterWithHistory(scene: Scene): Promise<string> {
  const token = await scene.enter(scene.cast.messi);
  scene.wire.write(`history ${token} ${scene.cast.messi.username} 1\n`);
  const reply = await scene.wire.frame();
  if (replies.errorCoded('NO_HISTORY').test(reply)) throw new NotApplicable('this server keeps no history');
  scene.check('history', replies.anyOk, reply);
  return token;
}

/** A word that nobody has said. */
function freshWord(): string {
  return `kata${randomBytes(8).toString('hex')}`;
}
