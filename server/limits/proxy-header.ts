/**
 * The header by which a proxy says whom it speaks for: PROXY protocol, version 1 (a line) and 2 (binary), as described
 * in https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt. No I/O.
 */
import { isIPv4, isIPv6 } from 'node:net';

/** What the description wants a receiver to take. */
export const proxyHeaderBytesMax = 536;
const lineBytesMax = 107;

export type ProxyHeader =
  /** More has to be read. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'bad'; readonly reason: string }
  /** `source` is undefined where the proxy speaks for itself, or of something that has no IP address. */
  | { readonly kind: 'whole'; readonly lengthBytes: number; readonly source: string | undefined };

const lineStart = Buffer.from('PROXY ');
const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const carriageReturn = 0x0d;
const newline = 0x0a;
/** Signature, version and command, family and transport, length of the rest. */
const fixedBytes = 16;
const lengthAt = 14;
const commands = { local: 0x20, proxy: 0x21 } as const;
const addressBytes: Readonly<Record<number, { readonly one: number; readonly all: number } | undefined>> = {
  // IPv4 and IPv6 over TCP; all: source, destination, their ports.
  0x11: { one: 4, all: 12 },
  0x21: { one: 16, all: 36 },
};

const incomplete: ProxyHeader = { kind: 'incomplete' };

/** Reads the header that a connection begins with, from its first bytes. */
export function readProxyHeader(bytes: Buffer): ProxyHeader {
  if (beginsLike(bytes, signature)) return readBinary(bytes);
  if (beginsLike(bytes, lineStart)) return readLine(bytes);
  return bad('the connection does not begin with a PROXY header');
}

/** Whether the bytes, as far as there are any, are those of `start`. */
function beginsLike(bytes: Buffer, start: Buffer): boolean {
  const count = Math.min(bytes.length, start.length);
  return bytes.compare(start, 0, count, 0, count) === 0;
}

function readLine(bytes: Buffer): ProxyHeader {
  const end = bytes.subarray(0, lineBytesMax).indexOf(newline);
  if (end < 0) return bytes.length < lineBytesMax ? incomplete : bad('its line has no end');
  if (bytes[end - 1] !== carriageReturn) return bad('its line does not end in CR LF');
  const words = bytes.toString('latin1', 0, end - 1).split(' ');
  const [, family, source = '', destination = '', ...ports] = words;
  const lengthBytes = end + 1;
  if (family === 'UNKNOWN') return { kind: 'whole', lengthBytes, source: undefined };
  const isAddress = family === 'TCP4' ? isIPv4 : family === 'TCP6' ? isIPv6 : undefined;
  if (isAddress === undefined) return bad('its family is none of TCP4, TCP6, UNKNOWN');
  if (!isAddress(source) || !isAddress(destination)) return bad('its addresses are not of its family');
  if (ports.length !== 2 || !ports.every(isPort)) return bad('its ports are no ports');
  return { kind: 'whole', lengthBytes, source };
}

function isPort(text: string): boolean {
  return /^\d{1,5}$/.test(text) && Number(text) <= 65_535;
}

function readBinary(bytes: Buffer): ProxyHeader {
  if (bytes.length < fixedBytes) return incomplete;
  const command = bytes[signature.length]!;
  const family = bytes[signature.length + 1]!;
  const restBytes = bytes.readUInt16BE(lengthAt);
  const lengthBytes = fixedBytes + restBytes;
  if (command !== commands.local && command !== commands.proxy)
    return bad('its version or command is unknown');
  if (lengthBytes > proxyHeaderBytesMax) return bad(`it is longer than ${proxyHeaderBytesMax} bytes`);
  if (bytes.length < lengthBytes) return incomplete;
  const known = command === commands.proxy ? addressBytes[family] : undefined;
  if (known === undefined) return { kind: 'whole', lengthBytes, source: undefined };
  if (restBytes < known.all) return bad('it is too short for its addresses');
  const source = addressText(bytes.subarray(fixedBytes, fixedBytes + known.one));
  return { kind: 'whole', lengthBytes, source };
}

function addressText(bytes: Buffer): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups: string[] = [];
  for (let at = 0; at < bytes.length; at += 2) groups.push(bytes.readUInt16BE(at).toString(16));
  return groups.join(':');
}

function bad(reason: string): ProxyHeader {
  return { kind: 'bad', reason };
}
