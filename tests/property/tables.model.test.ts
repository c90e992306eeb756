/** Goal: whatever the records and however they are cut into runs, the tables load as a plain model does. */
import fc from 'fast-check';
import { RecordScenario, modelUpTo, scenarioNowMs, type ScenarioStep } from '../support/record-scenario';
import { contentsOf } from '../support/table-model';
import { TemporaryFolder } from '../support/temporary-folder';
import { Tables } from '../../workers/tables/tables';

const hourMs = 3_600_000;
const natural = fc.nat(1_000);
const steps: fc.Arbitrary<ScenarioStep[]> = fc.array(fc.tuple(natural, natural, natural, natural), {
  minLength: 20,
  maxLength: 150,
});
/** Of each run: records in it, whether the tables are opened anew before it, how much of the last is repeated. */
const runs = fc.array(
  fc.record({ records: fc.integer({ min: 1, max: 80 }), reopen: fc.boolean(), repeat: fc.nat(20) }),
  { minLength: 1, maxLength: 8 },
);

test('any records in any runs, the tables opened anew between them', async () => {
  const property = fc.asyncProperty(
    steps,
    runs,
    fc.integer({ min: 1, max: 25 }),
    async (taken, cuts, pageSize) => {
      const scenario = RecordScenario.of(5, taken);
      const { words, boundaries } = scenario;
      const folder = new TemporaryFolder();
      let tables = await Tables.open(folder.file('tables'));
      try {
        let [applied, run] = [0, 0];
        while (applied < boundaries.length - 1) {
          const { records, reopen, repeat } = cuts[run % cuts.length]!;
          if (reopen) {
            await tables.close();
            tables = await Tables.open(folder.file('tables'));
          }
          const from = boundaries[Math.max(0, applied - repeat)]!;
          applied = Math.min(applied + records, boundaries.length - 1);
          const upTo = boundaries[applied]!;
          run += 1;
          // Runs hours apart fall into several partitions.
          tables.apply(words.subarray(from, upTo), upTo, scenarioNowMs + run * 7 * hourMs);
          expect(tables.applied).toBe(upTo);
          expect(contentsOf(tables, pageSize)).toEqual(modelUpTo(words, upTo).contents());
          expect(tables.check()).toEqual([]);
        }
      } finally {
        await tables.close();
        folder.remove();
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
}, 60_000);
