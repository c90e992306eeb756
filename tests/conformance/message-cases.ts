import type { Account } from './account';
import { Mismatch, NotApplicable } from './case-errors';
import { rule, type ConformanceCase } from './conformance-case';
import * as replies from './replies';
import type { Scene } from './scene';

/** Section 2: `send` and `inbox`; section 1 as far as it is about the text of a message. */
export const messageCases: readonly ConformanceCase[] = [
  rule(2, 'send and inbox: the exact bytes of the contract, then the inbox is empty', async (scene) => {
    const { messi, lineker } = scene.cast;
    const reader = await scene.enter(messi);
    await scene.expect(`inbox ${reader}`, replies.emptyInbox);
    const sender = await scene.login(lineker);
    await scene.expect(`send ${sender} ${messi.username} anjay lu jago amat`, replies.messageSent);
    const group = { sender: lineker, texts: ['anjay lu jago amat'] };
    await scene.expect(`inbox ${reader}`, replies.inboxReply(messi, [group]));
    await scene.expect(`inbox ${reader}`, replies.emptyInbox);
  }),
  rule(
    2,
    'inbox: grouped by sender, senders by their oldest unread message, messages by arrival',
    async (scene) => {
      const { messi, henderson, lineker } = scene.cast;
      const reader = await scene.enter(messi);
      const [first, second] = [await scene.login(lineker), await scene.login(henderson)];
      const order = [
        [first, 'satu'],
        [second, 'dua'],
        [first, 'tiga'],
        [second, 'empat'],
      ] as const;
      for (const [token, text] of order)
        await scene.expect(`send ${token} ${messi.username} ${text}`, replies.messageSent);
      const groups = [
        { sender: lineker, texts: ['satu', 'tiga'] },
        { sender: henderson, texts: ['dua', 'empat'] },
      ];
      await scene.expect(`inbox ${reader}`, replies.inboxReply(messi, groups));
    },
  ),
  rule(2, 'inbox: what was read does not count for the order of senders', async (scene) => {
    const { messi, henderson, lineker } = scene.cast;
    const reader = await scene.enter(messi);
    const [first, second] = [await scene.login(lineker), await scene.login(henderson)];
    await scene.expect(`send ${first} ${messi.username} dibaca`, replies.messageSent);
    await scene.expect(
      `inbox ${reader}`,
      replies.inboxReply(messi, [{ sender: lineker, texts: ['dibaca'] }]),
    );
    await scene.expect(`send ${second} ${messi.username} satu`, replies.messageSent);
    await scene.expect(`send ${first} ${messi.username} dua`, replies.messageSent);
    const groups = [
      { sender: henderson, texts: ['satu'] },
      { sender: lineker, texts: ['dua'] },
    ];
    await scene.expect(`inbox ${reader}`, replies.inboxReply(messi, groups));
  }),
  rule(2, 'inbox: read by one session, it is read for the others', async (scene) => {
    const { messi } = scene.cast;
    const [one, two] = [await scene.enter(messi), await scene.login(messi)];
    await scene.expect(`send ${one} ${messi.username} sekali`, replies.messageSent);
    await scene.expect(`inbox ${two}`, replies.inboxReply(messi, [{ sender: messi, texts: ['sekali'] }]));
    await scene.expect(`inbox ${one}`, replies.emptyInbox);
  }),
  rule(2, 'send: to oneself', (scene) => expectText(scene, 'halo saya', 'halo saya')),
  rule(2, 'send: a recipient in capitals is the same user', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.enter(messi);
    await scene.expect(`send ${token} ${messi.username.toUpperCase()} halo`, replies.messageSent);
    await scene.expect(`inbox ${token}`, replies.inboxReply(messi, [{ sender: messi, texts: ['halo'] }]));
  }),
  rule(
    2,
    'send: an unknown recipient is RECIPIENT_NOT_FOUND, also a name that nobody can have',
    async (scene) => {
      const token = await scene.login(scene.cast.messi);
      for (const name of ['nobody-by-this-name', 'no/such!name', 'x'.repeat(100), 'josé'])
        await scene.expect(`send ${token} ${name} halo`, replies.recipientNotFound);
    },
  ),
  rule(2, 'send: an empty or missing message is BAD_COMMAND and nothing arrives', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.enter(messi);
    const start = `send ${token} ${messi.username}`;
    for (const request of ['send', `send ${token}`, start, `${start} `, `${start}    \r`, `${start} \t \r`])
      await scene.expect(request, replies.badCommand);
    await scene.expect(`inbox ${token}`, replies.emptyInbox);
  }),
  rule(
    1,
    'text: outer spaces are trimmed, as with the original client\'s "send TOKEN dest  text \\r\\n"',
    async (scene) => {
      const { messi } = scene.cast;
      const token = await scene.enter(messi);
      await scene.expectAfter(`send ${token} ${messi.username}  halo bung \r\n`, replies.messageSent);
      await scene.expectAfter(`send ${token} ${messi.username} \t   bung\t \n`, replies.messageSent);
      const group = { sender: messi, texts: ['halo bung', 'bung'] };
      await scene.expect(`inbox ${token}`, replies.inboxReply(messi, [group]));
    },
  ),
  rule(1, 'text: inner white space stays as typed, a tab arrives as \\t', (scene) =>
    expectText(scene, 'a  b   c\td \t e', 'a  b   c\\td \\t e'),
  ),
  rule(1, 'text: above ASCII as \\uXXXX in lower case, astral characters as pairs', async (scene) => {
    await expectText(scene, 'café ÿ', 'caf\\u00e9 \\u00ff');
    await expectText(
      scene,
      '😀 gol 👨‍👩‍👧',
      '\\ud83d\\ude00 gol \\ud83d\\udc68\\u200d\\ud83d\\udc69\\u200d\\ud83d\\udc67',
    );
    await expectText(
      scene,
      'a\u2028b\ufeff 本 \uffff\ufffd \u{10ffff}',
      'a\\u2028b\\ufeff \\u672c \\uffff\\ufffd \\udbff\\udfff',
    );
  }),
  rule(1, 'text: quotes and backslashes are escaped, slashes and braces are not', (scene) =>
    expectText(scene, '"{}" \\n \\ / \\u0041 ~', '\\"{}\\" \\\\n \\\\ / \\\\u0041 ~'),
  ),
  rule(
    2,
    'MESSAGE_TOO_LONG at 4,097 bytes, and nothing arrives; 4,096 are fine, outer spaces not counted',
    async (scene) => {
      const { messi } = scene.cast;
      const token = await scene.enter(messi);
      const start = `send ${token} ${messi.username} `;
      await scene.expect(`${start}${'a'.repeat(4_097)}`, replies.messageTooLong);
      await scene.expect(`inbox ${token}`, replies.emptyInbox);
      await scene.expect(`${start}  ${'a'.repeat(4_096)}  \r`, replies.messageSent);
      const group = { sender: messi, texts: ['a'.repeat(4_096)] };
      await scene.expect(`inbox ${token}`, replies.inboxReply(messi, [group]));
    },
  ),
  rule(2, 'MESSAGE_TOO_LONG counts bytes of UTF-8, not characters', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.enter(messi);
    const start = `send ${token} ${messi.username} `;
    await scene.expect(`${start}${'é'.repeat(2_048)}x`, replies.messageTooLong);
    await scene.expect(`${start}${'😀'.repeat(1_024)}x`, replies.messageTooLong);
    await scene.expect(`${start}${'é'.repeat(2_048)}`, replies.messageSent);
    await scene.expect(`${start}${'😀'.repeat(1_024)}`, replies.messageSent);
    const texts = ['\\u00e9'.repeat(2_048), '\\ud83d\\ude00'.repeat(1_024)];
    await scene.expect(`inbox ${token}`, replies.inboxReply(messi, [{ sender: messi, texts }]));
  }),
  rule(
    2,
    'inbox: a reply stays within 1 MiB; what did not fit comes with the next one, in order',
    async (scene) => {
      const { messi } = scene.cast;
      const token = await scene.enter(messi);
      const texts = Array.from({ length: 100 }, (_, index) => `${1000 + index}${'é'.repeat(2_046)}`);
      for (const text of texts) scene.wire.write(`send ${token} ${messi.username} ${text}\n`);
      const sent = await scene.wire.frames(texts.length);
      const stored = sent.filter((reply) => reply === replies.messageSent).length;
      for (const refusal of sent.slice(stored))
        scene.check('send', replies.errorCoded('INBOX_FULL'), refusal);
      await expectWithinBound(scene, token, stored);
      if (stored < texts.length)
        throw new NotApplicable('the inbox of this server holds less than one reply');
    },
  ),
];

/** Sends one text to its own sender and compares how it stands in the inbox. */
async function expectText(scene: Scene, text: string, escaped: string): Promise<void> {
  const messi: Account = scene.cast.messi;
  const token = await scene.enter(messi);
  await scene.expect(`send ${token} ${messi.username} ${text}`, replies.messageSent);
  await scene.expect(`inbox ${token}`, replies.inboxReply(messi, [{ sender: messi, texts: [escaped] }]));
}

/** Reads an inbox of more than 1 MiB: several replies, none over the bound, all numbers once and in order. */
async function expectWithinBound(scene: Scene, token: string, count: number): Promise<void> {
  const replyBytesMax = 1_048_576;
  const numbers: string[] = [];
  for (let reads = 0; numbers.length < count && reads < count; reads += 1) {
    const reply = await scene.expect(`inbox ${token}`, replies.anyOk);
    if (reply === replies.emptyInbox) break;
    if (reply.length > replyBytesMax)
      throw new Mismatch('inbox', `at most ${replyBytesMax} bytes`, `${reply.length} bytes`);
    numbers.push(...Array.from(reply.matchAll(/"msg": "(\d+)/g), (match) => match[1]!));
  }
  const expected = Array.from({ length: count }, (_, index) => String(1000 + index));
  scene.check('inbox, inbox, …', expected.join(' '), numbers.join(' '));
}
