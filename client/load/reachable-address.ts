/** A load is put on one address; a name may have several, such as `localhost`, of which the server has one. */
import { lookup } from 'node:dns/promises';
import net from 'node:net';

const connectTimeoutMs = 5_000;

/** All addresses of a name, best first. Rejects with a system error. */
export type AddressLookup = (host: string) => Promise<readonly string[]>;

/**
 * The first address of the host where something listens; its only one as it is, without a look.
 * @throws the system error of the lookup, or of the first address where nothing listens on any.
 */
export async function reachableAddress(
  host: string,
  port: number,
  addressesOf: AddressLookup = systemLookup,
): Promise<string> {
  const addresses = await addressesOf(host);
  if (addresses.length === 1) return addresses[0]!;
  let failure: unknown;
  for (const address of addresses) {
    try {
      await visit(address, port);
      return address;
    } catch (error) {
      failure ??= error;
    }
  }
  throw failure;
}

async function systemLookup(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}

function visit(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ host, port });
    socket.setTimeout(connectTimeoutMs, () => {
      socket.destroy(Object.assign(new Error(`no answer from ${host}`), { code: 'ETIMEDOUT' }));
    });
    socket.once('error', reject);
    socket.once('connect', () => {
      socket.destroy();
      resolve();
    });
  });
}
