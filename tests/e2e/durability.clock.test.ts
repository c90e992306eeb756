// Goal: a wall clock that is set back while the server runs keeps nothing from the disk or from the tables; nor does 2038.
import type { ClockRequest } from '../support/clock-switch';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

let folder: TemporaryFolder;
let server: ServerProcess;

beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(async () => {
  await server.kill();
  folder.remove();
});
afterAll(cleanUp);

test('in 2040, sessions and idempotency keys are what they always were, also after a restart', async () => {
  const data = folder.file('data');
  const environment = { BENANG_CLOCK_SHIFT_MS: String(Date.UTC(2040, 0) - Date.now()) };
  let token: string | undefined;
  for (const [life, isDuplicate] of [false, true].entries()) {
    server = await ServerProcess.start(['--threads', '1'], { data, preload: 'clock-switch.js', environment });
    const client = await LineSocket.connect(server.address);
    token ??= (JSON.parse(await client.ask('auth messi surabaya')) as { tokenid: string }).tokenid;
    expect({ life, reply: await client.ask(`post ${token} kunci lineker halo`) }).toEqual({
      life,
      reply: expect.stringContaining(`"duplicate": ${isDuplicate}`) as string,
    });
    expect(await client.ask(`post ${token} kunci lineker halo`)).toContain('"duplicate": true');
    expect(await client.ask(`activeuser ${token}`)).toContain('"messi, "');
    client.destroy();
    await server.kill();
  }
});

test.each(['sync', 'relaxed'])(
  '--durability %s: what comes after it is on disk as soon as ever',
  async (mode) => {
    server = await ServerProcess.start(['--threads', '1', '--durability', mode], {
      data: folder.file('data'),
      preload: 'clock-switch.js',
    });
    const client = await LineSocket.connect(server.address);
    const { tokenid } = JSON.parse(await client.ask('auth messi surabaya')) as { tokenid: string };
    const request: ClockRequest = { shiftMs: -3_600_000 };
    await server.ask(request);
    for (let number = 0; number < 3; number += 1) {
      await client.ask(`send ${tokenid} lineker nomor ${number}`);
      // It shows what is synced, and waits for that.
      expect(await client.ask(`history ${tokenid} lineker`)).toContain(`nomor ${number}`);
    }
    client.destroy();
  },
);
