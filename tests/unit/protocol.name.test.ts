/** Goal: names that differ in case only are one name; everything that is no name is told to be none. */
import fc from 'fast-check';
import { Name } from '../../shared/protocol/name';

function read(text: string): Name | undefined {
  const name = new Name();
  return name.readText(text) ? name : undefined;
}

const nameCharacter = fc.constantFrom(
  ...Array.from('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-'),
);
const nameText = fc.string({ unit: nameCharacter, minLength: 1, maxLength: 32 });

test('a name is folded to lower case, and zero-padded', () => {
  fc.assert(
    fc.property(nameText, (text) => {
      const name = read(text)!;
      const folded = read(text.toLowerCase())!;
      expect(name.toString()).toBe(text.toLowerCase());
      expect(name.lengthBytes).toBe(text.length);
      expect(name.words).toEqual(folded.words);
      expect([...name.bytes.subarray(text.length)].every((byte) => byte === 0)).toBe(true);
    }),
  );
});

test('names that differ in more than case differ in their words or length', () => {
  fc.assert(
    fc.property(nameText, nameText, (one, other) => {
      const [first, second] = [read(one)!, read(other)!];
      const areSame =
        first.lengthBytes === second.lengthBytes &&
        first.words.every((word, at) => word === second.words[at]);
      expect(areSame).toBe(one.toLowerCase() === other.toLowerCase());
    }),
  );
});

test('a name that is read after a longer one keeps nothing of it', () => {
  const name = new Name();
  name.readText('a-name-of-thirty-two-characters-');
  name.readText('bob');
  expect(name.words).toEqual(read('bob')!.words);
});

test('a name is read from its range only', () => {
  const bytes = Buffer.from('..Messi..');
  const name = new Name();
  expect(name.read(bytes, 2, 7)).toBe(true);
  expect(name.toString()).toBe('messi');
});

test.each([
  '',
  'a'.repeat(33),
  'a b',
  'a\tb',
  'a\0',
  'ä',
  'mess!',
  '#room',
  'a/b',
  'a@b',
  'İ',
  'ﬀ',
  '\u212a',
])('%j is no name', (text) => {
  expect(read(text)).toBeUndefined();
});

test('exactly the 65 characters of names are taken', () => {
  const taken = [...Array(256).keys()].filter((byte) => new Name().read(Uint8Array.of(byte), 0, 1));
  expect(Buffer.from(taken).toString('latin1')).toBe(
    '-.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_abcdefghijklmnopqrstuvwxyz',
  );
});
