/**
 * Ranges of addresses as an operator names them: `10.0.0.0/8,2001:db8::/32,192.0.2.7`.
 */
import { BlockList, isIP } from 'node:net';
import type { ClientAddress } from './client-address';

const bitsMax = { ipv4: 32, ipv6: 128 } as const;

export class AddressRanges {
  private readonly list = new BlockList();

  /** @throws an error that says which of the ranges is none. */
  constructor(text: string) {
    for (const range of text.split(',')) this.add(range.trim());
  }

  includes({ text }: ClientAddress): boolean {
    const family = familyOf(text);
    return family !== undefined && this.list.check(text, family);
  }

  private add(range: string): void {
    const [, address = '', bits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(range) ?? [];
    const family = familyOf(address);
    if (family === undefined || Number(bits ?? 0) > bitsMax[family])
      throw new Error(`${JSON.stringify(range)} is no range of addresses like 10.0.0.0/8 or 2001:db8::/32.`);
    this.list.addSubnet(address, Number(bits ?? bitsMax[family]), family);
  }
}

function familyOf(address: string): 'ipv4' | 'ipv6' | undefined {
  const version = isIP(address);
  if (version === 0) return undefined;
  return version === 4 ? 'ipv4' : 'ipv6';
}
