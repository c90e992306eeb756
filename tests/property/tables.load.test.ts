/** Goal: wherever the tables end and the journal's rest begins, a start makes the same store of both. */
import fc from 'fast-check';
import { capacityFor } from '../../shared/store/capacity';
import { Memory } from '../../shared/store/memory';
import { createStore } from '../../shared/store/store';
import { auditStore } from '../../shared/store/audit';
import { StoreLoader } from '../../shared/store/store-loader';
import { loadStore } from '../../workers/load-store';
import { Tables } from '../../workers/tables/tables';
import { RecordScenario, scenarioNowMs, type ScenarioStep } from '../support/record-scenario';
import { snapshotOf, type StoreSnapshot } from '../support/store-snapshot';
import { TemporaryFolder } from '../support/temporary-folder';

const userCount = 5;
const names = Array.from({ length: userCount }, (_, index) => `user${index + 1}`);
const memoryMiB = 16;
const threadsMax = 2;
const inboxMessagesMax = 10_000;
const loaderThread = 1;
const natural = fc.nat(1_000);
const steps: fc.Arbitrary<ScenarioStep[]> = fc.array(fc.tuple(natural, natural, natural, natural), {
  minLength: 20,
  maxLength: 120,
});

/** The store of the first records in the tables, in runs that end at `cuts`, and the others in the journal. */
async function loaded(words: Int32Array, cuts: readonly number[]): Promise<StoreSnapshot['users']> {
  const folder = new TemporaryFolder();
  const tables = await Tables.open(folder.file('tables'));
  try {
    let applied = 0;
    for (const cut of cuts) {
      tables.apply(words.subarray(applied, cut), cut, scenarioNowMs);
      tables.trimRooms(inboxMessagesMax);
      tables.forgetRooms();
      applied = cut;
    }
    const store = createStore(capacityFor(memoryMiB, threadsMax, inboxMessagesMax));
    const readRest = (visit: (payload: Int32Array, position: number) => void): void => {
      visit(words.slice(applied), applied);
    };
    loadStore(new StoreLoader(new Memory(store), loaderThread), tables, readRest, () => undefined);
    expect(auditStore(store).findings).toEqual([]);
    // Not who is active: the scenario's logins are in no order of time.
    return snapshotOf(store, names, []).users;
  } finally {
    await tables.close();
    folder.remove();
  }
}

test('a store loaded from tables and journal is one replayed from the journal alone', async () => {
  const property = fc.asyncProperty(steps, natural, natural, async (taken, first, second) => {
    const scenario = RecordScenario.of(userCount, taken);
    const { words, boundaries } = scenario;
    const cuts = [first, second].map((cut) => boundaries[cut % boundaries.length]!);
    const expected = await loaded(words, []);
    const [earlier, later] = [Math.min(...cuts), Math.max(...cuts)];
    expect(await loaded(words, [earlier])).toEqual(expected);
    expect(await loaded(words, [earlier, later])).toEqual(expected);
    expect(await loaded(words, [words.length])).toEqual(expected);
  });
  await fc.assert(property, { numRuns: 25 });
}, 120_000);
