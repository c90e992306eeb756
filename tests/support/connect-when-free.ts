import { LineSocket, type Address } from './line-socket';

const timeoutMs = 20_000;

/**
 * A connection that a bounded server serves. A place comes free when the server has noticed that its client left, which
 * is a moment after the client did: until then it says BUSY, and this tries again.
 */
export async function connectWhenFree(address: Address): Promise<LineSocket> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const client = await LineSocket.connect(address);
    client.write('ping\n');
    const reply = await client.frame().catch(() => 'the connection was closed');
    if (reply.startsWith('{"status": "OK"')) return client;
    client.destroy();
    if (Date.now() > deadline) throw new Error(`no place came free in ${timeoutMs} ms: ${reply}`);
  }
}
