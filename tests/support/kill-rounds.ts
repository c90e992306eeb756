/** Rounds of load, SIGKILL in its midst, restart on the same data, and a comparison of what was acknowledged. */
import { type LoadShape, loadUntilDeath } from './durable-load';
import type { DurableServer } from './durable-server';
import { RandomNumbers } from './random-numbers';

/** 24 connections. The members whose inboxes are read under load are the first of the eight. */
const shape: LoadShape = { senders: 16, readers: 4, logins: 2, registrations: 2, textBytesMax: 700 };
const repliesMin = 20;
const repliesRange = 1_500;

export interface KillTotals {
  readonly rounds: number;
  readonly acknowledged: number;
  readonly unacknowledged: number;
  readonly repeated: number;
  readonly swallowed: number;
  readonly sessions: number;
  readonly accounts: number;
}

/** Loads the server until it has given a random number of replies, and kills it at that moment. */
export async function loadAndKill(server: DurableServer, random: RandomNumbers): Promise<void> {
  let repliesLeft = repliesMin + random.below(repliesRange);
  await loadUntilDeath({
    ...server.ledgers,
    address: server.process.address,
    members: server.members,
    random,
    shape,
    onReply: () => {
      repliesLeft -= 1;
      if (repliesLeft === 0) server.process.signal('SIGKILL');
    },
  });
  await server.process.exited;
  server.deliveries.endLife();
}

/** Stops at the first round with a violation, which `server.violations` has then. */
export async function killInRounds(
  server: DurableServer,
  roundsMax: number,
  seed: number,
): Promise<KillTotals> {
  const random = new RandomNumbers(seed);
  let rounds = 0;
  while (rounds < roundsMax && server.violations.length === 0) {
    rounds += 1;
    await loadAndKill(server, random);
    await server.restart();
    await server.judgeInboxes();
    await server.judgeAccounts(random);
  }
  const { deliveries, accounts } = server;
  return {
    rounds,
    acknowledged: deliveries.acknowledgedCount,
    unacknowledged: deliveries.messages.size - deliveries.acknowledgedCount,
    repeated: deliveries.repeatedCount,
    swallowed: deliveries.swallowedCount,
    sessions: accounts.sessions.size,
    accounts: accounts.accounts.size,
  };
}
