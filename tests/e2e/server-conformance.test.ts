// Goal: the real server keeps every promise of the conformance table, the same one that `npm run conformance` runs.
import { seedCast } from '../conformance/account';
import { allCases } from '../conformance/all-cases';
import type { ConformanceCase } from '../conformance/conformance-case';
import { runCase } from '../conformance/run-case';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

describe('a server that allows registration', () => {
  let server: ServerProcess;
  const folder = new TemporaryFolder();

  beforeAll(async () => {
    const data = folder.file('data');
    server = await ServerProcess.start(['--threads', '2', '--open-registration'], { data });
  });
  afterAll(async () => {
    await server.stop();
    folder.remove();
  });

  const rows = allCases.map(
    (testCase) => [`section ${testCase.section}: ${testCase.name}`, testCase] as const,
  );

  test.each(rows)('%s', async (_name: string, testCase: ConformanceCase) => {
    const settings = { address: server.address, cast: seedCast, lineBytesMax: 8_192, replyTimeoutMs: 10_000 };
    const result = await runCase(testCase, settings);
    if (result.outcome === 'failed') throw result.error;
    expect(result).toEqual({ outcome: 'passed' });
  });
});

test('without --open-registration, register is FORBIDDEN and makes no account', async () => {
  const server = await ServerProcess.start(['--threads', '1']);
  const client = await LineSocket.connect(server.address);
  expect(await client.ask('register newcomer rahasia New Comer')).toMatch(/"code": "FORBIDDEN"\}\r\n\r\n$/);
  expect(await client.ask('auth newcomer rahasia')).toMatch(/"code": "NO_SUCH_USER"\}\r\n\r\n$/);
  client.destroy();
  await server.stop();
});
