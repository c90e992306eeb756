/** Goal: who waits for a word without blocking hears of its change, however soon or late it comes. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { Memory } from '../../shared/store/memory';

const word = 3;
const startSign = 5;

function newMemory(): Memory {
  return new Memory(new SharedArrayBuffer(64));
}

/** Resolves when the word has changed from 0. */
function changeOf(memory: Memory): Promise<number> {
  return new Promise((resolve) => {
    memory.onceChanged(word, 0, () => {
      resolve(memory.load(word));
    });
  });
}

test('of one that has happened already', async () => {
  const memory = newMemory();
  memory.store(word, 7);
  expect(await changeOf(memory)).toBe(7);
});

test.each([0, 1, 3, 20])('of one that comes after %i turns of the event loop', async (turns) => {
  const memory = newMemory();
  const changed = changeOf(memory);
  for (let turn = 0; turn < turns; turn += 1) await nextTurn();
  memory.store(word, 8);
  memory.notify(word, 1);
  expect(await changed).toBe(8);
});

test('of one that another thread makes while this one sleeps in its event loop', async () => {
  const memory = newMemory();
  const program = `
    const words = new Int32Array(require('node:worker_threads').workerData);
    Atomics.wait(words, ${startSign}, 0);
    Atomics.wait(words, 0, 0, 50);
    Atomics.store(words, ${word}, 9);
    Atomics.notify(words, ${word});`;
  const worker = new Worker(program, { eval: true, workerData: memory.buffer });
  const changed = changeOf(memory);
  memory.store(startSign, 1);
  memory.notify(startSign, 1);
  expect(await changed).toBe(9);
  await worker.terminate();
});

test('and of nothing when nothing has changed, until somebody wakes it', async () => {
  const memory = newMemory();
  let calls = 0;
  const woken = new Promise<void>((resolve) => {
    memory.onceChanged(word, 0, () => {
      calls += 1;
      resolve();
    });
  });
  for (let turn = 0; turn < 100; turn += 1) await nextTurn();
  expect(calls).toBe(0);
  memory.notify(word, 1);
  await woken;
  expect(calls).toBe(1);
});
