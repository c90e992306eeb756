/** Goal: three threads, one of which may die, in all orders with few forced switches. */
import type { Interleavings } from '../support/lock-interleavings';
import type { InterleavingRequest } from '../support/lock-interleavings-worker';
import { answersOf } from '../support/compiled-worker';

test.each<Pick<InterleavingRequest, 'shape' | 'switchesMax' | 'killsMax'>>([
  { shape: 'lock', switchesMax: 2, killsMax: 1 },
  { shape: 'lock and ring', switchesMax: 1, killsMax: 1 },
  { shape: 'lock and ring', switchesMax: 3, killsMax: 0 },
])('%p', async (bounds) => {
  const request: InterleavingRequest = { ...bounds, threads: 3, flaw: 'none' };
  const [explored] = await answersOf<Interleavings>('lock-interleavings-worker.js', [request]);
  process.stdout.write(`interleavings of three threads: ${JSON.stringify({ ...bounds, ...explored })}\n`);
  expect(explored!.violations).toEqual([]);
});
