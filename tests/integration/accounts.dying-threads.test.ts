// Goal: a start creates its accounts though a thread dies that was about to, or has just done it.
import path from 'node:path';
import pino from 'pino';
import type * as Accounts from '../../server/accounts';
import type * as Pools from '../../server/pool';
import { createBatchArea } from '../../shared/batch/batch-area';
import { capacityFor } from '../../shared/store/capacity';
import { createStore } from '../../shared/store/store';
import { compiledFolder } from '../support/compiled-folder';

const threads = 1;
const host = {
  log: pino({ level: 'silent' }),
  onFatal: (error: Error): never => {
    throw error;
  },
};
const accounts = ['anna', 'bob'].map((name) => ({ username: name, password: 'rahasia', displayName: name }));

// Compiled, as its threads are.
const pools = jest.requireActual<typeof Pools>(path.join(compiledFolder, 'server', 'pool.js'));
const { createAccounts } = jest.requireActual<typeof Accounts>(
  path.join(compiledFolder, 'server', 'accounts.js'),
);

let chatPool: Pools.ChatPool;
let hashPool: Pools.HashPool;

beforeEach(() => {
  const settings = {
    store: createStore(capacityFor(32, threads + 2, 100)),
    batchArea: createBatchArea(pools.ChatPool.batchSlots(threads)),
    lineBytesMax: 4_096,
    openRegistration: false,
    keepsHistory: false,
    sessionLifetime: { ageSecondsMax: 1_000, idleSecondsMax: 1_000 },
  };
  chatPool = new pools.ChatPool(threads, settings, host);
  hashPool = new pools.HashPool(1, host);
});
afterEach(() => Promise.all([chatPool.destroy(), hashPool.destroy()]));

/** Has the next task that creates an account die with its thread, before its commit or after it. */
function dieOnce(moment: 'before' | 'after'): void {
  const createUser = chatPool.createUser.bind(chatPool);
  chatPool.createUser = async (account) => {
    chatPool.createUser = createUser;
    if (moment === 'after') await createUser(account);
    for (const thread of chatPool['pool'].threads) void thread.terminate();
    if (moment === 'before') return createUser(account);
    throw new Error('the thread died that ran it: it may or may not have happened');
  };
}

test.each(['before', 'after'] as const)('a thread that dies %s the commit of an account', async (moment) => {
  dieOnce(moment);
  const progress: number[] = [];
  const gate = { whenDurable: () => Promise.resolve() } as unknown as Accounts.AccountCreator['gate'];
  await createAccounts(accounts, { chatPool, hashPool, gate }, (done) => progress.push(done));
  expect(progress).toEqual([1, 2]);
  expect((await chatPool.listUsers()).map(({ username }) => username).sort()).toEqual(['anna', 'bob']);
});
