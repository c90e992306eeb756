import { rule, type ConformanceCase } from './conformance-case';
import * as replies from './replies';

const unknownToken = '00000000-0000-4000-8000-000000000000';

/** Section 1: lines, words, reads and order. */
export const framingCases: readonly ConformanceCase[] = [
  rule(1, 'a line ends with LF, or with CRLF', async (scene) => {
    const token = await scene.enter(scene.cast.messi);
    await scene.expectAfter(`inbox ${token}\n`, replies.emptyInbox);
    await scene.expectAfter(`inbox ${token}\r\n`, replies.emptyInbox);
  }),
  rule(1, 'runs of spaces around command, token and name are tolerated', async (scene) => {
    const { messi } = scene.cast;
    const login = `  auth   ${messi.username}   ${messi.password}   \r\n`;
    const token = scene.remember(await scene.expectAfter(login, replies.tokenReply));
    await scene.enter(messi);
    await scene.expectAfter(`   send   ${token}   ${messi.username}   halo\n`, replies.messageSent);
    const group = { sender: messi, texts: ['halo'] };
    await scene.expectAfter(`  inbox    ${token}  \r\n`, replies.inboxReply(messi, [group]));
    await scene.expectAfter(`activeuser  ${token} \r\n`, replies.activeUsersReply);
    await scene.expectAfter(` logout  ${token}   \n`, replies.loggedOut);
  }),
  rule(1, 'an unknown command is BAD_COMMAND', async (scene) => {
    for (const request of [
      'nosuchcommand',
      'inboxx',
      '\ufeffinbox x',
      'é',
      '{"command": "inbox"}',
      '__proto__ x',
      'constructor x',
    ])
      await scene.expect(request, replies.badCommand);
  }),
  rule(1, 'an empty line is BAD_COMMAND', async (scene) => {
    for (const line of ['\n', '\r\n', '   \n', '  \r\n']) await scene.expectAfter(line, replies.badCommand);
  }),
  rule(1, 'half a line at a time: nothing is answered before the line end', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.enter(messi);
    const line = `send ${token} ${messi.username} halo 😀 bung\r\n`;
    const bytes = Buffer.from(line);
    const insideEmoji = bytes.indexOf(0xf0) + 2;
    for (const cut of [1, 10, insideEmoji, bytes.length - 2, bytes.length - 1]) {
      // The answer to the request before it shows that the server has read the first half.
      scene.wire.write(Buffer.concat([Buffer.from('inbox x\n'), bytes.subarray(0, cut)]));
      await scene.expectNext('inbox x', replies.badSession);
      await scene.expectAfter(bytes.subarray(cut), replies.messageSent);
    }
    const texts = Array.from({ length: 5 }, () => 'halo \\ud83d\\ude00 bung');
    await scene.expect(`inbox ${token}`, replies.inboxReply(messi, [{ sender: messi, texts }]));
  }),
  rule(1, 'a request a byte at a time', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.enter(messi);
    await scene.wire.writeByteByByte(`send ${token} ${messi.username} 😀\r\n`);
    await scene.expectNext('send, a byte at a time', replies.messageSent);
    await scene.wire.writeByteByByte(`inbox ${token}\r\n`);
    const group = { sender: messi, texts: ['\\ud83d\\ude00'] };
    await scene.expectNext('inbox, a byte at a time', replies.inboxReply(messi, [group]));
  }),
  rule(
    1,
    'many lines in one read: one reply each, in the order of the requests, slow commands included',
    async (scene) => {
      const { messi } = scene.cast;
      const token = await scene.enter(messi);
      const steps = [
        [`auth ${messi.username} wrong`, replies.wrongPassword],
        ['nosuchcommand', replies.badCommand],
        [`send ${token} ${messi.username} satu`, replies.messageSent],
        ['auth nobody-by-this-name x', replies.noSuchUser],
        [`inbox ${token}`, replies.inboxReply(messi, [{ sender: messi, texts: ['satu'] }])],
        [`inbox ${unknownToken}`, replies.badSession],
        [`send ${token} nobody-by-this-name x`, replies.recipientNotFound],
        ['', replies.badCommand],
        [`send ${token} ${messi.username} dua`, replies.messageSent],
        [`auth ${messi.username} wrong`, replies.wrongPassword],
        [`inbox ${token}`, replies.inboxReply(messi, [{ sender: messi, texts: ['dua'] }])],
        [`inbox ${token}`, replies.emptyInbox],
      ] as const;
      scene.wire.write(steps.map(([request]) => `${request}\r\n`).join(''));
      for (const [request, expected] of steps) await scene.expectNext(request, expected);
    },
  ),
  rule(1, 'replies are 7-bit ASCII, one frame a request, and nothing comes unasked', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.enter(messi);
    await scene.expect(`send ${token} ${messi.username} é`, replies.messageSent);
    scene.wire.write(`inbox ${token}\nnosuchcommand é\n`);
    scene.wire.end();
    const expected = replies.inboxReply(messi, [{ sender: messi, texts: ['\\u00e9'] }]) + replies.badCommand;
    await scene.expectClosed('inbox, nosuchcommand, half-close', expected);
  }),
  rule(1, 'a line that the end of the connection cuts off is not carried out', async (scene) => {
    const { messi } = scene.cast;
    const token = await scene.enter(messi);
    scene.wire.write(`inbox x\nsend ${token} ${messi.username} halo`);
    scene.wire.end();
    await scene.expectClosed('half a send, half-close', replies.badSession);
    await scene.expect(`inbox ${token}`, replies.emptyInbox, await scene.connect());
  }),
  rule(1, 'a client that half-closes gets its last replies, then the connection is closed', async (scene) => {
    const { messi } = scene.cast;
    const wire = await scene.connect();
    wire.write(`inbox ${unknownToken}\nauth ${messi.username} wrong\r\nnosuchcommand\n`);
    wire.end();
    const expected = replies.badSession + replies.wrongPassword + replies.badCommand;
    await scene.expectClosed('three requests, half-close', expected, wire);
  }),
];
