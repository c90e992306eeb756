/** Goal: pages of history are exact at every boundary, and what is old goes while what is not stays. */
import { pageOf } from '../support/history-page';
import type { RecordWriter } from '../support/record-writer';
import { WrittenTables, writtenAtMs as nowMs } from '../support/written-tables';
import type { Tables } from '../../workers/tables/tables';

const dayMs = 24 * 3_600_000;
const userCount = 80;

let written: WrittenTables;
let tables: Tables;
let writer: RecordWriter;
let sequence: number;

beforeEach(async () => {
  written = await WrittenTables.open();
  ({ tables, writer } = written);
  sequence = 0;
  written.writeUsers(userCount);
  written.apply();
});
afterEach(async () => {
  await written.remove();
});

function send(sender: number, receiver: number, atMs: number, text: string): void {
  sequence += 1;
  writer.message(receiver, sender, sequence, atMs, text);
}

function textsOf(user: number, peer: number, limit: number, before?: number): string[] {
  return pageOf(tables, user, peer, limit, before).map(({ text }) => Buffer.from(text).toString());
}

test('pages of any size put together are the whole, through runs, days and chunks shared with others', () => {
  const said: string[] = [];
  for (let run = 0; run < 6; run += 1) {
    for (let index = 0; index < (run % 2 === 0 ? 3 : 40); index += 1) {
      said.push(`${run}/${index}`);
      send(1 + (index % 2), 2 - (index % 2), nowMs, said.at(-1)!);
      // All pairs of many users fill every bucket, so that conversations share chunks.
      if (index < 3)
        for (let user = 3; user <= userCount; user += 1)
          for (let peer = user; peer <= userCount; peer += 11) send(user, peer, nowMs, 'noise');
    }
    written.apply(nowMs + run * 10 * 3_600_000);
  }
  for (const limit of [1, 2, 7, 39, 40, 41, 1_000]) {
    const pages: string[] = [];
    let before: number | undefined;
    for (;;) {
      const page = pageOf(tables, 2, 1, limit, before);
      pages.unshift(...page.map(({ text }) => Buffer.from(text).toString()));
      before = page[0]?.sequence;
      if (page.length < limit) break;
    }
    expect(pages).toEqual(said);
  }
  expect(textsOf(1, 2, 10, 0)).toEqual([]);
  expect(textsOf(1, 1, 10)).toEqual([]);
  expect(tables.check()).toEqual([]);
});

test('every conversation among many users is found, whether quiet in a shared chunk or loud in its own', () => {
  const said = new Map<string, string[]>();
  for (let run = 0; run < 3; run += 1) {
    for (let user = 1; user <= userCount; user += 1)
      for (let peer = user; peer <= userCount; peer += 1)
        for (
          let count = (user * peer + run) % 97 === 0 ? 20 : 1 + ((user + peer + run) % 2);
          count > 0;
          count -= 1
        ) {
          const texts = said.get(`${user} ${peer}`) ?? [];
          said.set(`${user} ${peer}`, [...texts, `${user} ${peer} ${texts.length}`]);
          send(user, peer, nowMs, `${user} ${peer} ${texts.length}`);
        }
    written.apply();
  }
  for (const [pair, texts] of said) {
    const [user, peer] = pair.split(' ').map(Number) as [number, number];
    expect(textsOf(peer, user, 1_000)).toEqual(texts);
    const newest = pageOf(tables, user, peer, 2);
    expect(textsOf(user, peer, 2, newest[0]!.sequence)).toEqual(texts.slice(-4, -2));
  }
  expect(tables.check()).toEqual([]);
  while (tables.expireHistory(nowMs + 1, 1_000) > 0) expect(tables.check()).toEqual([]);
  expect(textsOf(1, 2, 10)).toEqual([]);
});

test('the longest texts and notes to oneself are kept', () => {
  const longest = 'x'.repeat(12_288);
  for (let count = 0; count < 5; count += 1) send(1, 1, nowMs, longest);
  written.apply();
  expect(textsOf(1, 1, 10)).toEqual(new Array(5).fill(longest));
  expect([...tables.unread(1)]).toHaveLength(5);
  expect(tables.check()).toEqual([]);
});

test('what is old goes, some at a time, what is unread and what is newer stays', () => {
  for (let day = 0; day < 4; day += 1) {
    for (let user = 2; user <= 11; user += 1) send(1, user, nowMs + day * dayMs, `day ${day}`);
    written.apply(nowMs + day * dayMs);
  }
  expect(textsOf(1, 5, 10)).toEqual(['day 0', 'day 1', 'day 2', 'day 3']);
  expect(tables.expireHistory(nowMs)).toBe(0);
  const before = nowMs + 2 * dayMs;
  const removed: number[] = [];
  do {
    removed.push(tables.expireHistory(before, 7));
    expect(tables.check()).toEqual([]);
  } while (removed.at(-1)! > 0);
  expect(Math.max(...removed)).toBeLessThanOrEqual(7);
  for (let user = 2; user <= 11; user += 1) expect(textsOf(1, user, 10)).toEqual(['day 2', 'day 3']);
  expect([...tables.unread()]).toHaveLength(40);
});

test('when all is old all goes, and what comes next is found', () => {
  send(1, 2, nowMs, 'old');
  written.apply();
  expect(tables.expireHistory(nowMs + 1)).toBe(1);
  expect(tables.expireHistory(nowMs + 1)).toBe(0);
  send(1, 2, nowMs + 1, 'new');
  written.apply(nowMs + 1);
  expect(textsOf(1, 2, 10)).toEqual(['new']);
  expect(tables.check()).toEqual([]);
});

test('a partition begins at its first message, also when the run repeats what another partition has', () => {
  send(1, 2, nowMs, 'one');
  const from = tables.applied;
  const first = writer.taken();
  written.apply();
  send(1, 2, nowMs + dayMs, 'two');
  const words = Int32Array.of(...first, ...writer.taken());
  tables.apply(words, from + words.length, nowMs + dayMs);
  expect(textsOf(1, 2, 10)).toEqual(['one', 'two']);
  expect(tables.check()).toEqual([]);
});
