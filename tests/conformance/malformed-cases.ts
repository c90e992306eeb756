import type { LineSocket } from '../support/line-socket';
import { rule, type ConformanceCase } from './conformance-case';
import * as replies from './replies';
import type { Scene } from './scene';

/** Section 1: lines that are too long, bytes that are no text, and clients that speak something else. */
export const malformedCases: readonly ConformanceCase[] = [
  rule(
    1,
    'LINE_TOO_LONG over the bound; a line of exactly the bound is served, its line end not counted',
    async (scene) => {
      const request = `inbox ${await scene.enter(scene.cast.messi)}`;
      const longest = request.padEnd(scene.lineBytesMax);
      await scene.expectAfter(`${longest}\n`, replies.emptyInbox);
      await scene.expectAfter(`${longest}\r\n`, replies.emptyInbox);
      await scene.expectAfter(`${longest} \n`, replies.lineTooLong);
      await scene.expectAfter(`${longest} \r\n`, replies.lineTooLong);
      await scene.expectAlive();
    },
  ),
  rule(1, 'LINE_TOO_LONG once a line; the rest of it is skipped and the connection lives', async (scene) => {
    const rest = ` inbox x ${'y'.repeat(10 * scene.lineBytesMax)}`;
    scene.wire.write(`nosuchcommand\n${'x'.repeat(scene.lineBytesMax)}${rest}`);
    await scene.expectNext('nosuchcommand', replies.badCommand);
    scene.wire.write(`${rest}\ninbox x\n${rest}\r\nnosuchcommand\n`);
    await scene.expectNext('a long line in pieces', replies.lineTooLong);
    await scene.expectNext('inbox x', replies.badSession);
    await scene.expectNext('a long line at once', replies.lineTooLong);
    await scene.expectNext('nosuchcommand', replies.badCommand);
    await scene.expectAlive();
  }),
  rule(1, 'LINE_TOO_LONG, whatever the length: what comes after it is served', async (scene) => {
    const lengths = [
      16_384, 30_000, 32_767, 32_768, 40_000, 65_534, 65_535, 65_536, 65_537, 100_000, 300_000,
    ];
    for (const length of lengths.filter((bytes) => bytes > scene.lineBytesMax)) {
      for (const lineEnd of ['\n', '\r\n']) {
        scene.wire.write(`${'x'.repeat(length)}${lineEnd}inbox x${lineEnd}`);
        await scene.expectNext(`a line of ${length} bytes`, replies.lineTooLong);
        await scene.expectNext(`a line of ${length} bytes, inbox x`, replies.badSession);
      }
    }
  }),
  rule(1, 'LINE_TOO_LONG, whatever the bytes of the line', async (scene) => {
    const bytes = Buffer.alloc(2 * scene.lineBytesMax, 0xff);
    await scene.expectAfter(Buffer.concat([bytes, Buffer.from('\n')]), replies.lineTooLong);
    await scene.expectAlive();
  }),
  rule(1, 'BAD_REQUEST for invalid UTF-8, and nothing is stored', (scene) =>
    expectRefused(scene, [
      [0x80],
      [0xff],
      [0xc3],
      [0xe2, 0x82],
      [0xc0, 0xaf],
      [0xe0, 0x80, 0xaf],
      [0xed, 0xa0, 0x80],
      [0xed, 0xa0, 0xbd, 0xed, 0xb8, 0x80],
      [0xf0, 0x9f, 0x98],
      [0xf4, 0x90, 0x80, 0x80],
      [0xf8, 0x88, 0x80, 0x80, 0x80],
    ]),
  ),
  rule(1, 'BAD_REQUEST for NUL and control characters, and nothing is stored', (scene) =>
    expectRefused(scene, [
      [0x00],
      [0x01],
      [0x08],
      [0x0b],
      [0x0c],
      [0x1b, 0x5b, 0x33, 0x31, 0x6d],
      [0x1f],
      [0x7f],
    ]),
  ),
  rule(1, 'BAD_REQUEST for a CR that does not end the line', async (scene) => {
    await expectRefused(scene, [[0x0d], [0x0d, 0x0d]]);
    await scene.expectAfter('inbox x\r\r\n', replies.badRequest);
    await scene.expectAfter('inbox x\r \n', replies.badRequest);
    await scene.expectAlive();
  }),
  rule(1, 'BAD_REQUEST for control characters outside a message text, the tab among them', async (scene) => {
    const requests = ['inbox\tx\n', '\0\n', 'inbox \x01\n', '\x7fELF\x02\n', 'no\bsuch\n'];
    for (const request of requests) await scene.expectAfter(request, replies.badRequest);
    await scene.expectAfter(Buffer.from([0xff, 0xfe, 0x0a]), replies.badRequest);
    await scene.expectAlive();
  }),
  rule(1, 'BAD_REQUEST for a control character that comes first, and alone', async (scene) => {
    // A TLS ClientHello begins with 0x16 too.
    for (const first of [0x00, 0x05, 0x16, 0x80]) {
      const wire = await scene.connect();
      await writeAlone(scene, wire, Buffer.of(first));
      await scene.expectAfter('\n', replies.badRequest, wire);
      await scene.expectAlive(wire);
    }
  }),
  rule(1, 'an HTTP request gets one clear line and is closed', async (scene) => {
    const headers = 'Host: localhost:8889\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n\r\n';
    for (const line of [
      'GET / HTTP/1.1',
      'POST /send?a=b HTTP/1.0',
      'OPTIONS * HTTP/1.1',
      'HEAD /x HTTP/1.1',
      `GET /${'x'.repeat(6_000)} HTTP/1.1`,
    ])
      await expectTurnedAway(scene, line, Buffer.from(`${line}\r\n${headers}`));
  }),
  rule(1, 'an HTTP request line that arrives in pieces is recognized too', async (scene) => {
    const wire = await scene.connect();
    await wire.writeByteByByte('GET /index.html HTTP/1.1\r\n');
    await scene.expectClosed('an HTTP request line, a byte at a time', oneClearLine, wire);
  }),
  rule(1, 'a TLS ClientHello on the plain port gets one clear line and is closed', (scene) =>
    expectTurnedAway(scene, 'a TLS ClientHello', clientHello()),
  ),
  rule(1, 'a TLS ClientHello whose first byte comes alone is recognized too', async (scene) => {
    const wire = await scene.connect();
    await writeAlone(scene, wire, clientHello().subarray(0, 1));
    wire.write(clientHello().subarray(1));
    await scene.expectClosed('a TLS ClientHello, its first byte alone', oneClearLine, wire);
  }),
];

/** One line of plain text, whatever its line end: long enough to say what this port speaks. */
const oneClearLine = /^[ -~]{20,300}(?:\r?\n){1,2}$/;

async function expectTurnedAway(scene: Scene, what: string, bytes: Uint8Array): Promise<void> {
  const wire = await scene.connect();
  wire.write(bytes);
  await scene.expectClosed(what, oneClearLine, wire);
}

/** Nothing tells that the server has read them: that it has answered another client meanwhile has to do. */
async function writeAlone(scene: Scene, wire: LineSocket, bytes: Uint8Array): Promise<void> {
  await wire.writeFlushed(bytes);
  for (let answers = 0; answers < 5; answers += 1) await scene.expectAlive();
}

/** Each sequence in the middle and at the end of a text: refused, the connection lives, the inbox stays empty. */
async function expectRefused(scene: Scene, sequences: readonly (readonly number[])[]): Promise<void> {
  const { messi } = scene.cast;
  const token = await scene.enter(messi);
  const start = Buffer.from(`send ${token} ${messi.username} halo `);
  for (const sequence of sequences) {
    const middle = Buffer.concat([start, Buffer.from(sequence), Buffer.from(' bung\n')]);
    await scene.expectAfter(middle, replies.badRequest);
    // At the end of the line a single CR would be its line end.
    const end = Buffer.concat([start, Buffer.from(sequence), Buffer.from(' \n')]);
    await scene.expectAfter(end, replies.badRequest);
  }
  await scene.expect(`inbox ${token}`, replies.emptyInbox);
}

/** A TLS 1.2 ClientHello record as a browser begins it: version, random, no session, two cipher suites. */
function clientHello(): Buffer {
  const random = Buffer.from(Array.from({ length: 32 }, (_, index) => (index * 37 + 10) & 0xff));
  const body = Buffer.concat([
    Buffer.from([0x03, 0x03]),
    random,
    Buffer.from([0x00, 0x00, 0x04, 0x13, 0x01, 0x13, 0x02, 0x01, 0x00, 0x00, 0x00]),
  ]);
  const handshake = Buffer.concat([Buffer.from([0x01, 0x00, 0x00, body.length]), body]);
  return Buffer.concat([Buffer.from([0x16, 0x03, 0x01, 0x00, handshake.length]), handshake]);
}
