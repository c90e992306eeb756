// Goal: clients are counted by IPv4 address and by IPv6 network, however their addresses are written.
import { AddressRanges } from '../../server/limits/address-ranges';
import { clientAddress } from '../../server/limits/client-address';

test.each([
  ['203.0.113.7', '203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7', '203.0.113.7'],
  ['::ffff:cb00:7107', '203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:DB8::1', '2001:DB8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:1::', '2001:db8:0:1::', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80::1', 'fe80:0:0:0::/64'],
  ['::', '::', '0:0:0:0::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
])('%s', (given, text, network) => {
  expect(clientAddress(given)).toEqual({ text, network, isLoopback: false });
});

test('two addresses of one /64 are one network, of two are two', () => {
  expect(clientAddress('2001:db8:0:1::1').network).toBe(clientAddress('2001:db8::1:ffff:0:0:9').network);
  expect(clientAddress('2001:db8:0:1::1').network).not.toBe(clientAddress('2001:db8:0:2::1').network);
});

test.each([
  ['127.0.0.1', true],
  ['127.255.0.9', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['128.0.0.1', false],
  ['::2', false],
  ['1::1', false],
  ['', false],
  ['localhost', false],
  [undefined, false],
])('%s is loopback: %s', (given, isLoopback) => {
  expect(clientAddress(given).isLoopback).toBe(isLoopback);
});

test('ranges hold what lies in them, in both families', () => {
  const ranges = new AddressRanges('10.0.0.0/8, 192.0.2.7,2001:db8::/32,::1');
  for (const address of ['10.255.0.1', '::ffff:10.0.0.1', '192.0.2.7', '2001:db8:ffff::1', '::1'])
    expect(ranges.includes(clientAddress(address))).toBe(true);
  for (const address of ['11.0.0.1', '192.0.2.8', '2001:db9::1', '::2', undefined])
    expect(ranges.includes(clientAddress(address))).toBe(false);
  expect(new AddressRanges('0.0.0.0/0').includes(clientAddress('8.8.8.8'))).toBe(true);
});

test.each(['', '10.0.0.0/33', '10.0.0/8', 'proxy', '::/129', '10.0.0.0/8,', '10.0.0.0/-1', '1.2.3.4/8/8'])(
  '%j is refused',
  (text) => {
    expect(() => new AddressRanges(text)).toThrow('is no range of addresses');
  },
);
