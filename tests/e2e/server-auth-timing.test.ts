// Goal: how long a failed login takes does not tell whether the user exists.
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const rounds = 25;

test('an unknown user takes as long to refuse as a wrong password', async () => {
  const server = await ServerProcess.start(['--threads', '1']);
  const client = await LineSocket.connect(server.address);
  const timesMs = { known: [] as number[], unknown: [] as number[] };
  const ask = async (username: string): Promise<number> => {
    const before = performance.now();
    expect(await client.ask(`auth ${username} salah`)).toContain('"ERROR"');
    return performance.now() - before;
  };
  for (let round = 0; round < rounds; round += 1) {
    timesMs.known.push(await ask('messi'));
    timesMs.unknown.push(await ask(round % 2 === 0 ? 'maradona' : 'no/such/name'));
  }
  const ratio = median(timesMs.unknown) / median(timesMs.known);
  expect(ratio).toBeGreaterThan(0.7);
  expect(ratio).toBeLessThan(1.4);
  client.destroy();
  await server.stop();
});

function median(values: readonly number[]): number {
  return [...values].sort((one, other) => one - other)[Math.floor(values.length / 2)]!;
}
