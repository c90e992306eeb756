/** Goal: every way of writing an address is read as meant, and every other one is refused with a reason. */
import { formatAddress, parseAddress } from '../../client/address';

describe('an address on the command line', () => {
  test.each([
    ['127.0.0.1:8889', '127.0.0.1', 8889],
    ['chat.example.org:1', 'chat.example.org', 1],
    ['localhost:65535', 'localhost', 65_535],
    ['localhost', 'localhost', 8889],
    ['[::1]:7000', '::1', 7000],
    ['[::1]', '::1', 8889],
    ['::1', '::1', 8889],
    ['[fe80::1%eth0]:7000', 'fe80::1%eth0', 7000],
  ])('%s is host %s, port %d', (text, host, port) => {
    expect(parseAddress(text)).toEqual({ host, port });
  });

  test.each([
    '',
    ':8889',
    'localhost:',
    'localhost:0',
    'localhost:65536',
    'localhost:http',
    'a b:1',
    '[::1',
    '[]:1',
  ])('%j is refused with a reason', (text) => {
    expect(typeof parseAddress(text)).toBe('string');
  });

  test('is shown as it can be typed again', () => {
    for (const text of ['127.0.0.1:8889', '[::1]:8889']) {
      const address = parseAddress(text);
      expect(typeof address === 'string' ? address : formatAddress(address)).toBe(text);
    }
  });
});
