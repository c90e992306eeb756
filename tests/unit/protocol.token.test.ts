/** Goal: a token is 36 characters of a UUID's form, and the same 16 bytes whatever the case of its digits. */
import fc from 'fast-check';
import { issueToken, parseToken } from '../../shared/protocol/token';

function parse(text: string): Int32Array | undefined {
  const bytes = Buffer.concat([Buffer.from('xx'), Buffer.from(text, 'latin1'), Buffer.from('yy')]);
  const words = new Int32Array(4);
  return parseToken(bytes, 2, bytes.length - 2, words) ? words : undefined;
}

/** The 16 bytes as big-endian words, by way of Node's own hexadecimal. */
function reference(uuid: string): Int32Array {
  const bytes = Buffer.from(uuid.replaceAll('-', ''), 'hex');
  return Int32Array.from([0, 4, 8, 12], (at) => bytes.readInt32BE(at));
}

const anyUuid = fc.uuid();

test('a UUID is read as its 16 bytes, in either case', () => {
  fc.assert(
    fc.property(anyUuid, (uuid) => {
      expect(parse(uuid)).toEqual(reference(uuid));
      expect(parse(uuid.toUpperCase())).toEqual(reference(uuid));
    }),
  );
});

test('with any one character changed to one that has no place there, it is no token', () => {
  fc.assert(
    fc.property(anyUuid, fc.nat(35), fc.nat(255), (uuid, place, code) => {
      const character = String.fromCharCode(code);
      const changed = uuid.slice(0, place) + character + uuid.slice(place + 1);
      const isOfForm = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(changed);
      expect(parse(changed) !== undefined).toBe(isOfForm);
    }),
    { numRuns: 2_000 },
  );
});

test.each(['', 'x', '0f8fad5b-d9cb-469f-a165-70867728950', '0f8fad5b-d9cb-469f-a165-70867728950e0'])(
  '%j is no token',
  (text) => {
    expect(parse(text)).toBeUndefined();
  },
);

test('a token without its dashes, or with dashes elsewhere, is none', () => {
  expect(parse('0f8fad5bd9cb469fa16570867728950e')).toBeUndefined();
  expect(parse('0f8fad5b-d9cb-469f-a16570867728950e-')).toBeUndefined();
});

test('issued tokens are UUIDs of version 4, all different, and their words are those they parse to', () => {
  const seen = new Set<string>();
  for (let count = 0; count < 1_000; count += 1) {
    const words = new Int32Array(4);
    const token = issueToken(words);
    expect(token).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(words).toEqual(reference(token));
    seen.add(token);
  }
  expect(seen.size).toBe(1_000);
});
