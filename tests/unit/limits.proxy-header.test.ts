// Goal: PROXY headers of both versions are read wherever they are cut, and nothing that is none passes for one.
import fc from 'fast-check';
import { proxyHeaderBytesMax, type ProxyHeader, readProxyHeader } from '../../server/limits/proxy-header';
import { proxyHeader2 } from '../support/proxy-headers';

function read(header: string | Buffer): ProxyHeader {
  return readProxyHeader(typeof header === 'string' ? Buffer.from(header, 'latin1') : header);
}

const good: readonly (readonly [string, string | Buffer, string | undefined])[] = [
  ['TCP4', 'PROXY TCP4 203.0.113.7 10.0.0.1 56324 8889\r\n', '203.0.113.7'],
  ['TCP6', 'PROXY TCP6 2001:db8::7 ::1 56324 8889\r\n', '2001:db8::7'],
  ['UNKNOWN', 'PROXY UNKNOWN\r\n', undefined],
  ['UNKNOWN with more', 'PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n', undefined],
  ['version 2, IPv4', proxyHeader2({ source: [203, 0, 113, 7] }), '203.0.113.7'],
  [
    'version 2, IPv6',
    proxyHeader2({ family: 0x21, source: [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7] }),
    '2001:db8:0:0:0:0:0:7',
  ],
  [
    'version 2, with more after the addresses',
    proxyHeader2({ source: [203, 0, 113, 7], extraBytes: 100 }),
    '203.0.113.7',
  ],
  ['version 2, LOCAL', proxyHeader2({ command: 0x20, family: 0, source: [] }), undefined],
  ['version 2, LOCAL with addresses', proxyHeader2({ command: 0x20, source: [203, 0, 113, 7] }), undefined],
  [
    'version 2, a Unix socket',
    proxyHeader2({ family: 0x31, source: new Array<number>(108).fill(1) }),
    undefined,
  ],
];

test.each(good)('%s', (_name, header, source) => {
  const bytes = typeof header === 'string' ? Buffer.from(header, 'latin1') : header;
  const whole = { kind: 'whole', lengthBytes: bytes.length, source };
  expect(read(bytes)).toEqual(whole);
  expect(read(Buffer.concat([bytes, Buffer.from('ping\nauth a b\n')]))).toEqual(whole);
  for (let end = 0; end < bytes.length; end += 1)
    expect(read(bytes.subarray(0, end)).kind).toBe('incomplete');
});

test.each([
  'ping\r\n',
  'GET / HTTP/1.1\r\n',
  'PROXY\r\n',
  'PROXY TCP4\r\n',
  'PROXY TCP5 203.0.113.7 10.0.0.1 1 2\r\n',
  'PROXY TCP4 203.0.113.7 10.0.0.1 1 2\n',
  'PROXY TCP4 203.0.113.7 10.0.0.1 1\r\n',
  'PROXY TCP4 203.0.113.7 10.0.0.1 1 65536\r\n',
  'PROXY TCP4 203.0.113.7 10.0.0.1 1 2 3\r\n',
  'PROXY TCP4 203.0.113 10.0.0.1 1 2\r\n',
  'PROXY TCP4 2001:db8::7 ::1 1 2\r\n',
  'PROXY TCP6 203.0.113.7 10.0.0.1 1 2\r\n',
  `PROXY TCP4 ${'1'.repeat(200)}`,
  proxyHeader2({ command: 0x11, source: [203, 0, 113, 7] }),
  proxyHeader2({ command: 0x22, source: [203, 0, 113, 7] }),
  proxyHeader2({ family: 0x21, source: [203, 0, 113, 7] }),
  proxyHeader2({ source: [203, 0, 113, 7], extraBytes: proxyHeaderBytesMax }),
])('%j is none', (header) => {
  expect(read(header).kind).toBe('bad');
});

test('any bytes have an answer, and a whole header lies within its bytes', () => {
  const start = fc.constantFrom(
    '',
    'PROXY ',
    'PROXY TCP4 1.2.3.4 ',
    '\r\n\r\n\0\r\nQUIT\n',
    '\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c',
  );
  fc.assert(
    fc.property(start, fc.uint8Array({ maxLength: proxyHeaderBytesMax }), (text, rest) => {
      const bytes = Buffer.concat([Buffer.from(text, 'latin1'), rest]);
      const header = readProxyHeader(bytes);
      if (header.kind === 'whole') expect(header.lengthBytes).toBeLessThanOrEqual(bytes.length);
      if (bytes.length >= proxyHeaderBytesMax) expect(header.kind).not.toBe('incomplete');
    }),
  );
});
