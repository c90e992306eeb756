/**
 * Figures of a store that anybody may read at any time, without attaching to it.
 */
import { header } from './header';
import { readLayout } from './layout';
import { userRecord, userState } from './record-words';

/** How many users there have ever been: those who were removed too. */
export function countUsersEver(store: SharedArrayBuffer): number {
  return Atomics.load(new Int32Array(store), header.userCount);
}

/** How many users there are. It looks at every record. */
export function countUsers(store: SharedArrayBuffer): number {
  const words = new Int32Array(store);
  const { users } = readLayout(words);
  const recordCount = countUsersEver(store);
  let count = 0;
  for (let record = 0; record < recordCount; record += 1) {
    const state = Atomics.load(words, users + record * userRecord.words + userRecord.state);
    if (state === userState.live) count += 1;
  }
  return count;
}
