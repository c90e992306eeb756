/** Goal: TLS and HTTP clients are recognized from their first bytes, and none of ours is taken for one. */
import { detectForeignProtocol, tlsMarkBytes } from '../../shared/protocol/foreign-protocol';
import { commandTable } from '../../workers/command-table';

test.each([
  ['GET / HTTP/1.1\r\nHost: x\r\n'],
  ['POST /api?q=1 HTTP/1.0\r\n'],
  ['OPTIONS * HTTP/1.1\r\n'],
  ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['CONNECT example.org:443 HTTP/1.1\r\n'],
  [`GET /${'x'.repeat(8_000)} HTTP/1.1\r\n`],
  ['M-SEARCH * HTTP/1.1\r\n'],
  ['VERSION-CONTROL /x HTTP/1.1\r\n'],
  ['UPDATEREDIRECTREF /x HTTP/1.1\r\n'],
])('%j is HTTP', (text) => {
  expect(detectForeignProtocol(Buffer.from(text))).toBe('HTTP');
});

test('a TLS ClientHello is TLS, from its second byte on', () => {
  const hello = Buffer.from('16030100f8010000f40303', 'hex');
  for (let length = tlsMarkBytes; length <= hello.length; length += 1)
    expect(detectForeignProtocol(hello.subarray(0, length))).toBe('TLS');
});

test.each([
  [''],
  ['GET'],
  ['GET / \r\n'],
  ['GET / HTTPS\n'],
  ['GET /\nGET / HTTP/1.1\n'],
  ['get / HTTP/1.1\n'],
  ['PING\n'],
  ['AUTH messi surabaya\n'],
  [' GET / HTTP/1.1\n'],
  ['send token messi GET / HTTP/1.1\n'],
  ['\u0016'],
  ['\u0016\n'],
  ['\u0016\u0001'],
  ['\u0000'],
])('%j may be ours', (text) => {
  expect(detectForeignProtocol(Buffer.from(text))).toBeUndefined();
});

test('no command of ours, whatever follows it, is foreign', () => {
  for (const { name } of commandTable) {
    expect(detectForeignProtocol(Buffer.from(`${name} x HTTP/1.1\n`))).toBeUndefined();
    expect(detectForeignProtocol(Buffer.from(`${name.toUpperCase()}\n`))).toBeUndefined();
  }
});
