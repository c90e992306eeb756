/** Goal: after a restart active users come by the oldest session they have left; what PROTOCOL.md says of the order. */
import { Memory } from '../../shared/store/memory';
import { createStore, Store } from '../../shared/store/store';
import { StoreLoader } from '../../shared/store/store-loader';
import { loadStore } from '../../workers/load-store';
import { Tables } from '../../workers/tables/tables';
import { RecordWriter } from '../support/record-writer';
import { activeUsers } from '../support/store-snapshot';
import { ignoreLongWaits, tokenOf } from '../support/store-values';
import { TemporaryFolder } from '../support/temporary-folder';

const [anna, bob] = [1, 2];
const capacity = { threadsMax: 1, usersMax: 4, sessionsMax: 8, blocksMax: 100, inboxMessagesMax: 10 };
const loginSeconds = 1_764_000_000;

/** Anna logs in, then Bob, then Anna from another device; her first session ends. */
function logins(): Int32Array {
  const writer = new RecordWriter();
  writer.userCreated(anna, 1, 'anna', 'Anna', 'hash').userCreated(bob, 1, 'bob', 'Bob', 'hash');
  writer.sessionOpened(tokenOf(1), anna, loginSeconds).sessionOpened(tokenOf(2), bob, loginSeconds + 1);
  writer.sessionOpened(tokenOf(3), anna, loginSeconds + 2).sessionClosed(tokenOf(1));
  return writer.taken();
}

test.each([
  ['the tables have taken all over', true, [bob, anna]],
  ['all is replayed from the journal', false, [anna, bob]],
])('where %s', async (_, isApplied, expected) => {
  const folder = new TemporaryFolder();
  const tables = await Tables.open(folder.file('tables'));
  try {
    const words = logins();
    if (isApplied) tables.apply(words, words.length, 1);
    const memory = new Memory(createStore(capacity));
    loadStore(
      new StoreLoader(memory, 1),
      tables,
      (visit) => {
        if (!isApplied) visit(words, 0);
      },
      () => undefined,
    );
    expect(activeUsers(Store.attach(memory, 2, ignoreLongWaits), loginSeconds + 3)).toEqual(expected);
  } finally {
    await tables.close();
    folder.remove();
  }
});
