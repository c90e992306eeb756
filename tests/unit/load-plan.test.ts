/** Goal: a plan is dealt out to generators without loss, and scripts hold the requests of the workload. */
import { commands, splitPlan } from '../../client/load/load-plan';
import type { LoadPlan } from '../../client/load/load-plan';
import { messageText, scriptsFor } from '../../client/load/request-script';

const plan: LoadPlan = {
  host: '127.0.0.1',
  port: 1,
  workload: 'chat',
  connections: 10,
  inFlight: 20,
  stop: { requests: 1_001 },
  warmupMs: 0,
  messageBytes: 5,
  ratePerSecond: 300,
  generatorThreads: 3,
  identities: [
    { username: 'messi', password: 'a', token: 'T1' },
    { username: 'henderson', password: 'b', token: 'T2' },
  ],
};

test('connections, requests and rate of the parts add up to the plan', () => {
  const parts = splitPlan(plan);
  expect(parts.map((part) => part.connections)).toEqual([4, 3, 3]);
  expect(parts.map((part) => part.firstConnection)).toEqual([0, 4, 7]);
  expect(parts.map((part) => part.stop)).toEqual([{ requests: 334 }, { requests: 334 }, { requests: 333 }]);
  expect(parts.reduce((total, part) => total + part.ratePerSecond, 0)).toBeCloseTo(300);
});

test('there are no generators without a connection, nor without a request', () => {
  expect(splitPlan({ ...plan, connections: 2 })).toHaveLength(2);
  expect(splitPlan({ ...plan, stop: { requests: 1 } })).toHaveLength(1);
});

test('the chat workload is fifteen sends to the next account and one inbox, from any phase on', () => {
  const [script] = scriptsFor(plan);
  const lines = script!.slice(14, 3).split('\r\n');
  expect(lines).toEqual(['send T1 henderson halo.', 'inbox T1', 'send T1 henderson halo.', '']);
  const names = [...script!.commandIndices].map((index) => commands[index]);
  expect(names).toEqual([...Array.from({ length: 15 }, () => 'send'), 'inbox']);
});

test('one write holds more requests than the script has', () => {
  const [script] = scriptsFor(plan);
  expect(script!.slice(15, 20).split('\r\n')).toHaveLength(21);
});

test('the last account sends to the first', () => {
  expect(scriptsFor(plan)[1]!.slice(0, 1)).toBe('send T2 messi halo.\r\n');
});

test('a message has exactly the bytes asked for, and no white space at its ends to be trimmed', () => {
  for (const byteCount of [1, 4, 5, 6, 32, 35, 4_096]) {
    expect(messageText(byteCount)).toHaveLength(byteCount);
    expect(messageText(byteCount).trim()).toBe(messageText(byteCount));
  }
});
