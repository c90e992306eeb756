/** Goal: `fetch` shows what is unread and leaves it so; `ack` alone marks it read, up to what it names. */
import { replyBytesMax } from '../../shared/protocol/limits';
import { FilledSlot } from '../support/filled-slot';

const password = 'surabaya';
const acknowledged = '{"status": "OK", "message": "Acknowledged"}';
const nothing = '{"status": "OK", "messages": [], "more": false}';

interface Page {
  readonly messages: readonly { readonly id: string; readonly msg: string }[];
  readonly more: boolean;
}

/** Messi is user 1, henderson 2, lineker 3; all are logged in. */
function family(ringWords = 0): { filled: FilledSlot; messi: string; henderson: string; lineker: string } {
  const filled = new FilledSlot({ ringWords });
  filled.createUser('messi', 'Lionel \\"Leo\\" Messi', password);
  filled.createUser('henderson', 'Jordan Henderson', password);
  filled.createUser('lineker', 'Gary Lineker', password);
  const [messi, henderson, lineker] = ['messi', 'henderson', 'lineker'].map((name) =>
    filled.logIn(name, password),
  ) as [string, string, string];
  return { filled, messi, henderson, lineker };
}

function pageOf(reply: string): Page {
  return JSON.parse(reply) as Page;
}

function textsOf(reply: string): string[] {
  return pageOf(reply).messages.map(({ msg }) => msg);
}

function codeOf(reply: string): unknown {
  return (JSON.parse(reply) as { code?: string }).code;
}

describe('fetch', () => {
  test('shows a message with all its fields, in the exact bytes of PROTOCOL.md', () => {
    const { filled, messi, lineker } = family();
    expect(filled.ask(`fetch ${messi}`)).toBe(nothing);
    filled.ask(`send ${lineker} messi anjay "é" lu`);
    const frame =
      '{"id": "1-1", "from": "lineker", "msg_from": "Gary Lineker", "to": "messi", ' +
      '"msg_to": "Lionel \\"Leo\\" Messi", "msg": "anjay \\"\\u00e9\\" lu", "at": "2025-11-24T16:00:00.000Z"}';
    const reply = `{"status": "OK", "messages": [${frame}], "more": false}`;
    expect(filled.ask(`fetch ${messi}`)).toBe(reply);
    expect(filled.ask(`fetch ${messi}`)).toBe(reply);
  });

  test('goes by arrival, whoever sent it; at most so many; and says whether there are more', () => {
    const { filled, messi, henderson, lineker } = family();
    for (const [index, token] of [lineker, henderson, lineker, lineker, henderson].entries())
      filled.ask(`send ${token} messi ${index}`);
    const replies = [1, 4, 5, 1_000].map((limit) => filled.ask(`fetch  ${messi}   ${limit} `));
    expect(replies.map(textsOf)).toEqual([
      ['0'],
      ['0', '1', '2', '3'],
      ['0', '1', '2', '3', '4'],
      ['0', '1', '2', '3', '4'],
    ]);
    expect(replies.map((reply) => pageOf(reply).more)).toEqual([true, true, false, false]);
    expect(filled.ask(`inbox ${messi}`)).toContain('"msg": "4"');
    expect(filled.ask(`fetch ${messi}`)).toBe(nothing);
  });

  test('without a limit shows a hundred', () => {
    const { filled, messi } = family();
    for (let index = 0; index < 101; index += 1) filled.ask(`send ${messi} messi ${index}`);
    expect(pageOf(filled.ask(`fetch ${messi}`))).toMatchObject({ messages: { length: 100 }, more: true });
    // The limit of an earlier request is forgotten.
    expect(textsOf(filled.ask(`fetch ${messi} 1`))).toEqual(['0']);
    expect(textsOf(filled.ask(`fetch ${messi}`))).toHaveLength(100);
  });

  test.each(['0', '1001', '-1', '1.5', 'all', '1e2', '9'.repeat(30), '１'])(
    'refuses the limit %s',
    (limit) => {
      const { filled, messi } = family();
      expect(codeOf(filled.ask(`fetch ${messi} ${limit}`))).toBe('BAD_COMMAND');
    },
  );

  test('keeps a reply within its bound, the rest being more', () => {
    const { filled, messi } = family();
    for (let index = 0; index < 100; index += 1)
      filled.ask(`send ${messi} messi ${index} ${'é'.repeat(2_040)}`);
    const reply = filled.ask(`fetch ${messi}`);
    const { messages, more } = pageOf(reply);
    expect(more).toBe(true);
    expect(reply.length + 4).toBeLessThanOrEqual(replyBytesMax);
    expect(reply.length).toBeGreaterThan(replyBytesMax - 12_800);
    expect(filled.ask(`ack ${messi} ${messages.at(-1)!.id}`)).toBe(acknowledged);
    const rest = pageOf(filled.ask(`fetch ${messi}`));
    expect(rest.more).toBe(false);
    expect(messages.length + rest.messages.length).toBe(100);
  });
});

describe('ack', () => {
  test('marks read up to and including the message, and may be repeated', () => {
    const { filled, messi, lineker } = family();
    for (const text of ['a', 'b', 'c', 'd']) filled.ask(`send ${lineker} messi ${text}`);
    const ids = pageOf(filled.ask(`fetch ${messi}`)).messages.map(({ id }) => id);
    expect(filled.ask(`ack ${messi} ${ids[1]!}`)).toBe(acknowledged);
    expect(textsOf(filled.ask(`fetch ${messi}`))).toEqual(['c', 'd']);
    for (const id of [ids[0]!, ids[1]!]) expect(filled.ask(`ack ${messi} ${id}`)).toBe(acknowledged);
    expect(textsOf(filled.ask(`fetch ${messi}`))).toEqual(['c', 'd']);
    expect(filled.ask(`ack ${messi} ${ids[3]!}`)).toBe(acknowledged);
    expect(filled.ask(`inbox ${messi}`)).toBe('{"status": "OK", "messages": {}}');
  });

  test('of what `inbox` has handed over is fine', () => {
    const { filled, messi, lineker } = family();
    filled.ask(`send ${lineker} messi a`);
    const { id } = pageOf(filled.ask(`fetch ${messi}`)).messages[0]!;
    filled.ask(`inbox ${messi}`);
    expect(filled.ask(`ack ${messi} ${id}`)).toBe(acknowledged);
  });

  test('of a message that was never this user’s changes nothing: NO_SUCH_MESSAGE', () => {
    const { filled, messi, henderson, lineker } = family();
    // Sequences: 1 to messi, 2 to henderson, 3 to messi, 4 to henderson.
    for (const name of ['messi', 'henderson', 'messi', 'henderson'])
      filled.ask(`send ${lineker} ${name} halo`);
    const toHenderson = pageOf(filled.ask(`fetch ${henderson}`)).messages.map(({ id }) => id);
    expect(toHenderson).toEqual(['2-2', '4-2']);
    for (const id of [
      ...toHenderson,
      '2-1',
      '4-1',
      '5-1',
      '1-R1',
      'zzzzzzzzzz-1',
      '1',
      'é',
      '1-1-1',
      'x'.repeat(500),
    ])
      expect(`${id}: ${String(codeOf(filled.ask(`ack ${messi} ${id}`)))}`).toBe(`${id}: NO_SUCH_MESSAGE`);
    expect(textsOf(filled.ask(`fetch ${messi}`))).toHaveLength(2);
    expect(codeOf(filled.ask(`ack ${messi}`))).toBe('BAD_COMMAND');
    expect(codeOf(filled.ask(`ack ${messi.replace(/^./, 'x')} 1-1`))).toBe('BAD_SESSION');
  });
});

test('fetch, and an ack that finds all read, wait for the disk as long as there is something to wait for', () => {
  const { filled, messi, lineker } = family(262_144);
  filled.reachDisk();
  const awaits = (line: string): boolean => filled.run(`${line}\n`)[0]!.awaitsDisk;
  expect(awaits(`fetch ${messi}`)).toBe(false);
  expect(awaits(`send ${lineker} messi halo`)).toBe(true);
  expect(awaits(`fetch ${messi}`)).toBe(true);
  filled.reachDisk();
  expect(awaits(`fetch ${messi}`)).toBe(false);
  expect(awaits(`inbox ${messi}`)).toBe(false);
  // Somebody has read it, but that is not on disk yet.
  expect(awaits(`ack ${messi} 1-1`)).toBe(true);
  filled.reachDisk();
  expect(awaits(`ack ${messi} 1-1`)).toBe(false);
});
