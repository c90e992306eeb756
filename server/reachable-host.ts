/**
 * Where clients find a server that listens on every address.
 */
import { networkInterfaces } from 'node:os';

/** The host itself, or, when it stands for every address, the first that is not this machine's own loopback. */
export function reachableHost(host: string): string {
  if (host !== '0.0.0.0' && host !== '::') return host;
  const addresses = Object.values(networkInterfaces()).flatMap((found) => found ?? []);
  const outside = addresses.find(({ internal, family }) => !internal && family === 'IPv4');
  return outside?.address ?? '127.0.0.1';
}
