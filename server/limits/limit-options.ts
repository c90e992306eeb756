/**
 * The options of the limits; see `LimitSettings`.
 */
import { InvalidArgumentError, Option } from 'commander';
import { integer } from '../option-values';
import { messageOf } from '../start-error';
import { AddressRanges } from './address-ranges';

export function limitOptions(): Option[] {
  return [
    new Option('--max-connections-per-address <n>', 'connections at once from one address; 0 for any number')
      .default(256)
      .argParser(integer(0, 1_000_000)),
    new Option('--flood-requests <n>', 'requests a second of one connection or user; 0 for any number')
      .default(50)
      .argParser(integer(0, 1_000_000)),
    new Option('--flood-bytes <n>', 'bytes a second of one connection or user; 0 for any number')
      .default(65_536)
      .argParser(integer(0, 1_073_741_824)),
    new Option('--registrations-per-hour <n>', 'accounts made from one address in an hour; 0 for any number')
      .default(10)
      .argParser(integer(0, 1_000_000)),
    new Option('--limit-loopback', 'apply the limits to clients on this machine too').default(false),
    new Option(
      '--proxy-from <ranges>',
      'addresses, like 10.0.0.0/8,192.0.2.7, of proxies that speak the PROXY protocol',
    ).argParser(addressRanges),
  ];
}

function addressRanges(text: string): AddressRanges {
  try {
    return new AddressRanges(text);
  } catch (error) {
    throw new InvalidArgumentError(messageOf(error));
  }
}
