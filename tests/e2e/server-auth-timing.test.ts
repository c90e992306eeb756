// Goal: how long a failed login takes does not tell whether the user exists. Counted in processor time of the server: the
// clock on the wall would count what else the machine does.
import { readProcessUsage } from '../../client/load/server-process';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const rounds = 25;

test('an unknown user takes as long to refuse as a wrong password', async () => {
  const server = await ServerProcess.start(['--threads', '1']);
  const client = await LineSocket.connect(server.address);
  const usedMs = (): number => readProcessUsage(server.pid)!.cpuMs;
  const ask = async (username: string): Promise<number> => {
    const before = usedMs();
    expect(await client.ask(`auth ${username} salah`)).toContain('"ERROR"');
    return usedMs() - before;
  };
  // The first ones are compiled.
  for (let round = 0; round < 5; round += 1) await ask('messi');
  let knownMs = 0;
  let unknownMs = 0;
  for (let round = 0; round < rounds; round += 1) {
    knownMs += await ask('messi');
    unknownMs += await ask(round % 2 === 0 ? 'maradona' : 'no/such/name');
  }
  const ratio = unknownMs / knownMs;
  // The kernel counts in hundredths of a second, one login is one or two of them; without a hash the ratio were 0.1.
  expect(ratio).toBeGreaterThan(0.6);
  expect(ratio).toBeLessThan(1.6);
  client.destroy();
  await server.stop();
}, 60_000);
