/** The load generator of `chat-load` against a server under test: connections that behave. */
import { demoAccounts, logIn } from '../../client/load/accounts';
import { type LoadOutcome, runLoad } from '../../client/load/engine';
import type { Address } from './line-socket';

/** 15 `send` to one `inbox`, each connection as fast as it is answered. */
export async function driveLoad(
  address: Address,
  connections: number,
  seconds: number,
): Promise<LoadOutcome> {
  return runLoad({
    ...address,
    workload: 'chat',
    connections,
    inFlight: 1,
    stop: { durationMs: seconds * 1_000 },
    warmupMs: 500,
    messageBytes: 32,
    ratePerSecond: 0,
    generatorThreads: 1,
    identities: await logIn(address, demoAccounts),
  });
}
