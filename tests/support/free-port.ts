import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A port nobody listens on. Taken below the range the system gives to outgoing connections (32768 and up), so that
 * the many clients of a test running next door cannot take it before the server under test binds it.
 */
export async function findFreePort(host = '127.0.0.1'): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = randomInt(12_000, 32_000);
    if (await canListen(host, port)) return port;
  }
  throw new Error('no free port found in 50 attempts');
}

async function canListen(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => {
      resolve(false);
    });
    probe.listen(port, host, () => {
      probe.close(() => {
        resolve(true);
      });
    });
  });
}
