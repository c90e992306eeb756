/** Goal: whatever bytes come, in whatever pieces, each line gets exactly one reply of well-formed JSON in ASCII. */
import fc from 'fast-check';
import { lineBytesMaxDefault } from '../../shared/protocol/limits';
import { LineFramer } from '../../shared/protocol/line-framer';
import { cleanUp } from '../support/clean-up';
import { FilledSlot } from '../support/filled-slot';
import { LineSocket } from '../support/line-socket';
import { countLines, pieces, requestLines } from '../support/request-shapes';
import { ServerProcess } from '../support/server-process';

const password = 'surabaya';
const users = ['messi', 'henderson', 'lineker'] as const;
const pieceLengths = fc.array(fc.integer({ min: 1, max: 3_000 }), { minLength: 1, maxLength: 8 });

afterAll(cleanUp);

function judgeReply(reply: string): void {
  expect(reply).toMatch(/^[ -~]+$/);
  expect(['OK', 'ERROR']).toContain((JSON.parse(reply) as { status: unknown }).status);
}

describe('the parser, the batch runner and the reply writer', () => {
  /** A password takes a while to hash: so many are, and the others are left unanswered. */
  let hashesLeft = 10;
  const filled = new FilledSlot({ roomsMax: 4, membersMax: 16 });
  for (const user of users) filled.createUser(user, `The ${user}`, password);
  const tokens = users.map((user) => filled.logIn(user, password));
  filled.ask(`join ${tokens[0]!} #room`);

  /** Runs lines to their end; returns how many were answered, here or by another lane. */
  function answer(lines: Buffer): number {
    let answered = 0;
    for (let rest = lines; rest.length > 0;) {
      const { replies, unconsumed, deferral } = filled.run(rest)[0]!;
      replies.forEach(judgeReply);
      answered += replies.length;
      if (deferral !== undefined) {
        answered += 1;
        if (!('historyJob' in deferral) && hashesLeft > 0) {
          hashesLeft -= 1;
          judgeReply(filled.finish(deferral));
        }
      }
      const next = Buffer.from(unconsumed, 'latin1');
      if (next.length === rest.length) throw new Error('a batch answers nothing');
      rest = next;
    }
    return answered;
  }

  test('answer every line once', () => {
    fc.assert(
      fc.property(
        fc.array(requestLines(tokens, ['logout', 'subscribe']), { minLength: 1, maxLength: 5 }),
        pieceLengths,
        (lines, lengths) => {
          const bytes = Buffer.concat(lines);
          const framer = new LineFramer(lineBytesMaxDefault);
          let answered = 0;
          for (const piece of pieces(bytes, lengths)) {
            const whole = framer.push(piece);
            if (whole !== undefined) answered += answer(Buffer.from(whole));
          }
          expect(framer.isAtLineStart).toBe(true);
          expect(answered).toBe(countLines(bytes));
        },
      ),
      { numRuns: 500 },
    );
  });

  test('and leave a store without a flaw', () => {
    expect(filled.auditFindings()).toEqual([]);
    for (const token of tokens) expect(filled.ask(`whoami ${token}`)).toContain('"status": "OK"');
  });
});

test('the real server, over sockets', async () => {
  const server = await ServerProcess.start(['--threads', '2'], {
    preload: 'kill-switch.js',
  });
  const behaving = await LineSocket.connect(server.address);
  const tokens: string[] = [];
  for (const user of users) {
    const reply = await behaving.ask(`auth ${user} ${password}`);
    tokens.push((JSON.parse(reply) as { tokenid: string }).tokenid);
  }
  // Frames that nobody asked for would be counted as replies; passwords and limits have tests of their own.
  const lines = requestLines(tokens, ['subscribe', 'logout', 'auth', 'register', 'passwd']);
  await fc.assert(
    fc.asyncProperty(
      fc.array(lines, { minLength: 1, maxLength: 8 }),
      pieceLengths,
      async (requests, lengths) => {
        // The first line of a connection may look like another protocol, which closes it.
        const bytes = Buffer.concat([Buffer.from('ping\n'), ...requests]);
        const client = await LineSocket.connect(server.address);
        for (const piece of pieces(bytes, lengths)) await client.writeFlushed(piece);
        client.end();
        const replies = (await client.rest()).split('\r\n\r\n');
        client.destroy();
        expect(replies.pop()).toBe('');
        expect(replies).toHaveLength(countLines(bytes));
        replies.forEach(judgeReply);
      },
    ),
    { numRuns: 100 },
  );
  expect(await behaving.ask(`whoami ${tokens[0]!}`)).toContain('"status": "OK"');
  expect(await server.ask({ kind: 'audit' })).toEqual([]);
  expect((await server.stop()).code).toBe(0);
}, 60_000);
