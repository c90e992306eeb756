import { LineSocket } from './line-socket';
import { ServerProcess } from './server-process';

/** For `afterAll`: closes the connections and ends the servers that failed tests of this file have left. */
export async function cleanUp(): Promise<void> {
  LineSocket.destroyAll();
  await ServerProcess.killAll();
}
