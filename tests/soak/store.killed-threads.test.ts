/** Goal: hundreds of threads die at random under load, and nothing that was accepted is lost or doubled. */
import { KillStorm } from '../support/kill-storm';
import { RandomNumbers } from '../support/random-numbers';
import { exerciseStore } from '../support/store-exercise';

test.each([
  [2, 20],
  [4, 40],
  [8, 200],
])('%d threads at a time, a pause in %d accesses', async (threads, accessesPerPause) => {
  const shape = { threads, kills: 700, receivers: 4, accessesPerPause, blocksMax: 2_000_000 };
  const storm = new KillStorm(shape);
  await storm.rage(new RandomNumbers(Date.now()));
  expect(storm.violations()).toEqual([]);
  exerciseStore(storm.buffer, false);
  process.stdout.write(`${shape.kills} threads killed, ${storm.acceptedCount} messages accepted\n`);
});
