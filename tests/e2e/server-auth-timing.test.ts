// Goal: how long a failed login takes does not tell whether the user exists. Counted in processor time of the server: the
// clock on the wall would count what else the machine does.
import { readProcessUsage } from '../../client/load/server-process';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const blocks = 5;
const loginsPerBlock = 8;

test('an unknown user takes as long to refuse as a wrong password', async () => {
  const server = await ServerProcess.start(['--threads', '1']);
  const client = await LineSocket.connect(server.address);
  // In blocks, because the kernel counts in hundredths of a second, and a login is one or two of them.
  const refuse = async (usernames: readonly string[]): Promise<number> => {
    const before = readProcessUsage(server.pid)!.cpuMs;
    for (let login = 0; login < loginsPerBlock; login += 1) {
      const username = usernames[login % usernames.length]!;
      expect(await client.ask(`auth ${username} salah`)).toContain('"ERROR"');
    }
    return readProcessUsage(server.pid)!.cpuMs - before;
  };
  // What is run first is compiled.
  await refuse(['messi']);
  let knownMs = 0;
  let unknownMs = 0;
  for (let block = 0; block < blocks; block += 1) {
    knownMs += await refuse(['messi']);
    unknownMs += await refuse(['maradona', 'no/such/name']);
  }
  const ratio = unknownMs / knownMs;
  expect(ratio).toBeGreaterThan(0.7);
  expect(ratio).toBeLessThan(1.4);
  client.destroy();
  await server.stop();
}, 60_000);
