/** Goal: threads that are terminated in the midst of their work leave the store whole, and nobody waiting. */
import { KillStorm } from '../support/kill-storm';
import { RandomNumbers } from '../support/random-numbers';
import { exerciseStore } from '../support/store-exercise';

test('what was accepted is neither lost nor doubled, and the others go on', async () => {
  const shape = { threads: 3, kills: 30, receivers: 3, accessesPerPause: 40, blocksMax: 100_000 };
  const storm = new KillStorm(shape);
  await storm.rage(new RandomNumbers(Date.now()));
  expect(storm.violations()).toEqual([]);
  expect(storm.longWaitCount).toBe(0);
  exerciseStore(storm.buffer, false);
  process.stdout.write(`${shape.kills} threads killed, ${storm.acceptedCount} messages accepted\n`);
  expect(storm.acceptedCount).toBeGreaterThan(0);
});
