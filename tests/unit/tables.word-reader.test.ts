/** Goal: what a word is, and that both sides of a search agree on it. */
import { escapeText } from '../../shared/protocol/json-ascii';
import { WordReader } from '../../workers/tables/word-reader';

function wordsOf(text: string): string[] {
  const bytes = Buffer.from(escapeText(text), 'latin1');
  const reader = new WordReader();
  const words: string[] = [];
  reader.begin(bytes, 0, bytes.length);
  while (reader.next()) words.push(reader.word);
  return words;
}

function hashesOf(text: string): number[] {
  const bytes = Buffer.from(escapeText(text), 'latin1');
  const reader = new WordReader();
  const hashes: number[] = [];
  reader.begin(bytes, 0, bytes.length);
  while (reader.next()) hashes.push(reader.hash);
  return hashes;
}

test.each<[string, string, string[]]>([
  ['nothing', '', []],
  ['nothing but signs', ' ?! "\\" /\t… — €', []],
  ['one letter', 'a', ['a']],
  ['signs around and between', '"Halo", (apa-kabar)?!', ['halo', 'apa', 'kabar']],
  ['digits', 'jam 19.30, gol ke-2', ['jam', '19', '30', 'gol', 'ke', '2']],
  ['tabs and backslashes', 'a\tb\\c\\\\d', ['a', 'b', 'c', 'd']],
  ['an escape typed as such', '\\u0041 \\n', ['u0041', 'n']],
  ['letters of many scripts', 'Žluťoučký КОНЬ Ωμέγας', ['žluťoučký', 'конь', 'ωμέγασ']],
  ['marks are part of words', 'cafe\u0301 हिन्दी', ['cafe\u0301', 'हिन्दी']],
  ['letters whose other case is longer', 'straße ŉa', ['straße', 'ŉa']],
  ['a dotted capital i', 'İstanbul', ['istanbul']],
  [
    'scripts without spaces',
    'abc世界def ありがとう',
    ['abc', '世', '界', 'def', ...Array.from('ありがとう')],
  ],
  ['characters beyond the BMP', 'gol😀😀ya 𠮷', ['gol', '😀', '😀', 'ya', '𠮷']],
  ['controls in between', 'a\u2028b\u00a0c', ['a', 'b', 'c']],
])('%s', (_, text, expected) => {
  expect(wordsOf(text)).toEqual(expected);
});

test('upper and lower case are one, to the hash as well', () => {
  for (const [left, right] of [
    ['HALO Dunia', 'halo dUNIA'],
    ['ČAJ ΣΑΣ', 'čaj σας'],
    ['Жук', 'жУК'],
  ] as const)
    expect(hashesOf(left)).toEqual(hashesOf(right));
  expect(new Set(hashesOf('a b c ab ba abc 世 界 😀 😁 é e')).size).toBe(12);
});

test('a text within other bytes is read to its own end', () => {
  const bytes = Buffer.from('xxhalo duniaxx');
  const reader = new WordReader();
  reader.begin(bytes, 2, 12);
  expect([reader.next(), reader.word, reader.next(), reader.word, reader.next()]).toEqual([
    true,
    'halo',
    true,
    'dunia',
    false,
  ]);
  expect(reader.next()).toBe(false);
});
