import { hostDefault, portDefault } from '../shared/protocol/limits';

export interface Address {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
}

export const addressDefault: Address = { host: hostDefault, port: portDefault };

/**
 * Reads `host:port`, `host`, `[::1]:port`, `[::1]` or `::1`; the port is 8889 when omitted. Returns what is wrong as a
 * text when it is none of these.
 */
export function parseAddress(text: string): Address | string {
  const bracketed = /^\[([0-9a-fA-F:.]+(?:%[\w.-]+)?)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) return withPort(bracketed[1]!, bracketed[2]);
  const colons = text.split(':').length - 1;
  // More than one colon and no brackets: an IPv6 address, in which a port cannot be told from the last group.
  if (colons > 1) return withPort(text, undefined);
  const [host, port] = text.split(':');
  return withPort(host!, port);
}

/** The address as it is typed after `connect`. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function withPort(host: string, portText: string | undefined): Address | string {
  if (!/^[\w.:%-]+$/.test(host)) return 'there is no host in it; write HOST, HOST:PORT or [IPV6]:PORT';
  if (portText === undefined) return { host, port: portDefault };
  const port = /^\d{1,5}$/.test(portText) ? Number(portText) : 0;
  if (port < 1 || port > 65_535) return 'the port is not a number from 1 to 65535';
  return { host, port };
}
