// Goal: a wall clock that is set back while the server runs keeps nothing from the disk or from the tables.
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
