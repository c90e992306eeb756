/** Goal: replies are counted right however a stream of them is cut into reads, and errors are told by their code. */
import fc from 'fast-check';
import { ReplyScanner } from '../../client/load/reply-scanner';
import { encodeJson } from '../../shared/protocol/json-ascii';
import { replyTerminator } from '../../shared/protocol/limits';

const ok = '{"status": "OK", "message": "Message Sent"}';
const failure = (code: string): string =>
  `{"status": "ERROR", "message": "Session Tidak Ditemukan", "code": "${code}"}`;

function scanAll(pieces: readonly Uint8Array[]): { replies: number; codes: string[] } {
  const codes: string[] = [];
  const scanner = new ReplyScanner((code) => codes.push(code));
  // As in the product, every read overwrites the same buffer: nothing of an earlier read may be relied upon.
  const readBuffer = Buffer.alloc(Math.max(1, ...pieces.map((piece) => piece.length)) + 16);
  let replies = 0;
  for (const piece of pieces) {
    readBuffer.fill(0x0d);
    readBuffer.set(piece);
    replies += scanner.scan(readBuffer, piece.length);
  }
  return { replies, codes };
}

/** Cuts at the given places, which may repeat: reads of no bytes at all are allowed too. */
function cut(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const edges = [0, ...places.map((place) => place % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  return edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
}

test('replies in one read are counted', () => {
  expect(scanAll([Buffer.from((ok + replyTerminator).repeat(16))])).toEqual({ replies: 16, codes: [] });
});

test('a reply that came without its last byte is not counted until that one comes', () => {
  const bytes = Buffer.from(ok + replyTerminator);
  expect(scanAll([bytes.subarray(0, -1)]).replies).toBe(0);
  expect(scanAll([bytes.subarray(0, -1), bytes.subarray(-1)]).replies).toBe(1);
});

test('every cut of a stream in three gives the same count and codes', () => {
  const bytes = Buffer.from(
    [ok, failure('BAD_SESSION'), ok].map((reply) => reply + replyTerminator).join(''),
  );
  for (let first = 0; first <= bytes.length; first += 1) {
    for (let second = first; second <= bytes.length; second += 7) {
      expect(scanAll(cut(bytes, [first, second]))).toEqual({ replies: 3, codes: ['BAD_SESSION'] });
    }
  }
});

test('any replies cut anywhere are counted, with the codes of the errors in order', () => {
  const reply = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }).map((text) => ({
      text: encodeJson({ status: 'OK', messages: text }),
      codes: [] as string[],
    })),
    fc.constantFrom('BAD_SESSION', 'INBOX_FULL').map((code) => ({ text: failure(code), codes: [code] })),
  );
  const replies = fc.array(reply, { maxLength: 20 });
  fc.assert(
    fc.property(replies, fc.array(fc.nat(), { maxLength: 40 }), (list, places) => {
      const bytes = Buffer.from(list.map((entry) => entry.text + replyTerminator).join(''));
      expect(scanAll(cut(bytes, places))).toEqual({
        replies: list.length,
        codes: list.flatMap((entry) => entry.codes),
      });
    }),
  );
});

test('of any bytes at all, whole terminators are counted as a search over the joined bytes would', () => {
  const byte = fc.constantFrom(0x0d, 0x0a, 0x0d, 0x0a, 0x61);
  // Far into a long reply its end is looked for in another way than near its start.
  const startBytes = fc.oneof(fc.constant(0), fc.integer({ min: 240, max: 260 }));
  fc.assert(
    fc.property(fc.array(byte), startBytes, fc.array(fc.nat()), (values, letters, places) => {
      const bytes = Uint8Array.from([...new Uint8Array(letters).fill(0x61), ...values]);
      const whole = Buffer.from(bytes).toString('latin1').split(replyTerminator).length - 1;
      expect(scanAll(cut(bytes, places)).replies).toBe(whole);
    }),
    { numRuns: 500 },
  );
});

test('a reply of 1 MiB cut into reads is one reply', () => {
  const bytes = Buffer.from(encodeJson({ status: 'OK', messages: 'x'.repeat(2 ** 20) }) + replyTerminator);
  const places = Array.from({ length: 16 }, (_, index) => index * 65_536);
  expect(scanAll(cut(bytes, places)).replies).toBe(1);
});

test('an error of a server that sends no codes is told by its text', () => {
  const bytes = Buffer.from(`{"status": "ERROR", "message": "Password Salah"}${replyTerminator}`);
  expect(scanAll([bytes]).codes).toEqual(['Password Salah']);
});

test('such a text is told as far as it can be shown in a line', () => {
  const bytes = Buffer.from(
    `{"status": "ERROR", "message": "\u001b[2J${'x'.repeat(2_000)}"}${replyTerminator}`,
    'latin1',
  );
  const [text] = scanAll([bytes]).codes;
  expect(text).toMatch(/^\\u001b\[2Jx+$/);
  expect(text!.length).toBeLessThan(256);
});

test('errors are told from JSON without spaces too', () => {
  const replies = ['{"status":"OK","message":"E"}', '{"status":"ERROR","message":"x","code":"BUSY"}'];
  const bytes = Buffer.from(replies.map((reply) => reply + replyTerminator).join(''));
  expect(scanAll([bytes])).toEqual({ replies: 2, codes: ['BUSY'] });
});

test('a reply too short to hold a status is not taken for an error because of what follows it', () => {
  // Byte 12 counted from the first reply is the E of the second one's text.
  const bytes = Buffer.from(`{}${replyTerminator}{"s": "E"}${replyTerminator}`);
  expect(scanAll([bytes])).toEqual({ replies: 2, codes: [] });
});
