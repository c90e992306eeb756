/**
 * Where a client is, as limits see it. An IPv4 address counts by itself. Of an IPv6 address its /64 network counts,
 * which is the least that one customer gets, and has 2⁶⁴ addresses to change between.
 */
import { isIPv4, isIPv6 } from 'node:net';

export interface ClientAddress {
  /** As it is logged; of an IPv4 address that came mapped into IPv6, the IPv4 address. */
  readonly text: string;
  /** What is counted: the address itself, or its network as `2001:db8:0:1::/64`. */
  readonly network: string;
  readonly isLoopback: boolean;
}

/** A socket that is closed already has none: all of them are counted as one. */
const unknownAddress: ClientAddress = { text: 'unknown', network: 'unknown', isLoopback: false };
const ipv6Groups = 8;
const networkGroups = 4;
const mappedGroup = 0xffff;

/** Reads an address as sockets and proxies give it. */
export function clientAddress(text: string | undefined): ClientAddress {
  const plain = text?.split('%', 1)[0] ?? '';
  if (isIPv4(plain)) return ipv4Address(plain);
  if (!isIPv6(plain)) return unknownAddress;
  const groups = readGroups(plain);
  const isZeroTo = (end: number): boolean => groups.slice(0, end).every((group) => group === 0);
  if (isZeroTo(5) && groups[5] === mappedGroup) return ipv4Address(lastFourBytes(groups));
  const network = groups.slice(0, networkGroups).map((group) => group.toString(16));
  return {
    text: plain,
    network: `${network.join(':')}::/64`,
    isLoopback: isZeroTo(ipv6Groups - 1) && groups[ipv6Groups - 1] === 1,
  };
}

function ipv4Address(text: string): ClientAddress {
  return { text, network: text, isLoopback: text.startsWith('127.') };
}

/** The eight groups of a well-formed IPv6 address. */
function readGroups(text: string): number[] {
  const [head, tail] = text.split('::');
  const first = readSomeGroups(head ?? '');
  if (tail === undefined) return first;
  const last = readSomeGroups(tail);
  const zeros = new Array<number>(ipv6Groups - first.length - last.length).fill(0);
  return [...first, ...zeros, ...last];
}

function readSomeGroups(part: string): number[] {
  if (part === '') return [];
  return part.split(':').flatMap((group) => {
    if (!group.includes('.')) return [Number.parseInt(group, 16)];
    const [first, second, third, fourth] = group.split('.').map(Number);
    return [(first! << 8) | second!, (third! << 8) | fourth!];
  });
}

function lastFourBytes(groups: readonly number[]): string {
  return groups
    .slice(ipv6Groups - 2)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}
