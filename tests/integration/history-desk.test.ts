/** Goal: the history thread's replies, from tables made by hand: frames, names, rooms, bounds. */
import { HistoryDesk } from '../../workers/history-desk';
import type { Tables } from '../../workers/tables/tables';
import type { RecordWriter } from '../support/record-writer';
import { WrittenTables } from '../support/written-tables';

const nowMs = Date.parse('2026-11-23T06:00:00.000Z');
const replyBytesMax = 1_048_576;

let written: WrittenTables;
let tables: Tables;
let writer: RecordWriter;
let desk: HistoryDesk;

beforeEach(async () => {
  written = await WrittenTables.open();
  ({ tables, writer } = written);
  desk = new HistoryDesk(tables);
  for (const [index, name] of ['messi', 'lineker', 'henderson'].entries())
    writer.userCreated(index + 1, nowMs, name, `Pemain \\u00e9 ${index + 1}`, 'hash');
  writer.roomCreated(1, 1, 1, nowMs, 'pasar').roomJoined(1, 2, 2, nowMs);
});
afterEach(async () => {
  await written.remove();
});

function page(user: number, peer: number, limit = 50, before?: number): string {
  return desk.answer({ kind: 'history', user, peer, limit, before });
}

function search(user: number, words: string, peer?: number, before?: number): string {
  return desk.answer({ kind: 'search', user, words, peer, before });
}

test('frames of users and rooms, byte for byte', () => {
  writer.message(2, 1, 36, nowMs, 'halo \\"bung\\"').message(-1, 2, 37, nowMs + 1, 'halo semua');
  written.apply(nowMs);
  const first =
    '{"id": "10-2", "from": "messi", "msg_from": "Pemain \\u00e9 1", "to": "lineker", ' +
    '"msg_to": "Pemain \\u00e9 2", "msg": "halo \\"bung\\"", "at": "2026-11-23T06:00:00.000Z"}';
  const second =
    '{"id": "11-R1", "from": "lineker", "msg_from": "Pemain \\u00e9 2", "to": "#pasar", ' +
    '"msg_to": "#pasar", "msg": "halo semua", "at": "2026-11-23T06:00:00.001Z"}';
  const reply = (messages: string): string =>
    `{"status": "OK", "messages": [${messages}], "more": false}\r\n\r\n`;
  expect(page(1, 2)).toBe(reply(first));
  expect(page(2, -1)).toBe(reply(second));
  expect(page(2, 3)).toBe(reply(''));
  expect(search(2, 'Halo')).toBe(reply(`${second}, ${first}`));
  expect(search(2, 'halo', 1)).toBe(reply(first));
  expect(search(2, 'halo', -1)).toBe(reply(second));
  expect(search(3, 'halo')).toBe(reply(''));
});

test('a search is of the rooms one is in, whole; those who are gone keep their names', () => {
  writer.message(-1, 1, 10, nowMs, 'sebelum').roomJoined(1, 3, 11, nowMs);
  written.apply(nowMs);
  expect(page(3, -1)).toContain('"msg": "sebelum"');
  expect(search(3, 'sebelum')).toContain('"to": "#pasar"');
  writer.roomLeft(1, 3, 12, nowMs).userRemoved(1);
  written.apply(nowMs);
  expect(search(3, 'sebelum')).not.toContain('pasar');
  expect(page(2, -1)).toContain('"from": "messi"');
});

test('a search without a word', () => {
  written.apply(nowMs);
  expect(search(1, '?!')).toContain('"code": "BAD_COMMAND"');
});

test('pages and searches of the longest messages end before a reply is too long, and go on from there', () => {
  const longest = `kata ${'x'.repeat(12_283)}`;
  for (let sequence = 10; sequence < 210; sequence += 1) writer.message(2, 1, sequence, nowMs, longest);
  written.apply(nowMs);
  const ids: number[] = [];
  let before: number | undefined;
  do {
    const reply = page(1, 2, 1_000, before);
    expect(reply.length).toBeLessThanOrEqual(replyBytesMax);
    const { messages, more } = JSON.parse(reply) as { messages: { id: string }[]; more: boolean };
    const found = messages.map(({ id }) => parseInt(id, 36));
    ids.unshift(...found);
    before = more ? found[0]! : undefined;
  } while (before !== undefined);
  expect(ids).toEqual(Array.from({ length: 200 }, (_, index) => index + 10));
  const reply = JSON.parse(search(2, 'kata')) as { messages: unknown[]; more: boolean; before: string };
  expect(reply).toMatchObject({ more: true });
  expect(reply.messages).toHaveLength(50);
  const next = JSON.parse(search(2, 'kata', undefined, parseInt(reply.before, 36))) as typeof reply;
  expect(next.messages).toHaveLength(50);
});
