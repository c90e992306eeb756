// Goal: hundreds of threads of the real server die under load, and its clients hardly notice.
import { cleanUp } from '../support/clean-up';
import { DurableServer } from '../support/durable-server';
import { RandomNumbers } from '../support/random-numbers';
import { ServerStorm } from '../support/server-storm';

const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);
const pauseMsMax = 600;

afterAll(cleanUp);

test.each([
  ['command', 300],
  ['journal', 100],
] as const)(
  `%s threads terminated under load, %d of them: all is as it was acknowledged (seed ${seed})`,
  async (role, kills) => {
    const server = await DurableServer.start(['--max-inbox', '1000000'], undefined, {
      preload: 'kill-switch.js',
    });
    const random = new RandomNumbers(seed);
    const storm = new ServerStorm(server, random);
    const totals = await storm.rage({ role, kills, pauseMsMax });
    process.stdout.write(`${role} threads terminated: ${JSON.stringify(totals)}\n`);
    expect(storm.violations).toEqual([]);
    await server.judgeInboxes();
    await server.judgeAccounts(random);
    expect(server.violations).toEqual([]);
    expect(totals.kills).toBeGreaterThanOrEqual(kills);
    expect(totals.longestPingMs).toBeLessThan(500);
    expect((await server.process.stop()).code).toBe(0);
    await server.judgeHistory();
    expect(server.violations).toEqual([]);
    await server.remove();
  },
  600_000,
);
