/** Requests as a careless or hostile client may send them: nearly right ones, and anything else. Each ends in `\n`. */
import fc from 'fast-check';
import type { Parameter } from '../../shared/protocol/request-parser';
import { commandTable } from '../../workers/command-table';

const longest = 9_000;

/** A parameter's words: some that are fine, and some of every way to be wrong. */
function wordOf({ kind }: Parameter, tokens: readonly string[]): fc.Arbitrary<string> {
  const names = ['messi', 'HENDERSON', 'lineker', 'nobody', 'x'.repeat(33), 'm@ssi', ''];
  const texts = [
    'halo',
    ' tabs\tand  spaces ',
    '"quoted\\"',
    '\u00e9'.repeat(2_048),
    '💬',
    'x'.repeat(4_097),
  ];
  const words: Readonly<Record<Parameter['kind'], readonly string[]>> = {
    token: [...tokens, '0f8fad5b-d9cb-469f-a165-70867728950e', 'token', ''],
    name: names,
    destination: [...names, '#room', '#nowhere', '#'],
    room: ['#room', '#nowhere', 'room', '#'],
    after: names,
    password: ['surabaya', 'wrong', 'p'.repeat(129), ''],
    newPassword: ['surabaya', 'p'.repeat(129)],
    text: texts,
    displayName: texts,
    limit: ['1', '1000', '0', '-1', '1e3', '99999999999999999999'],
    id: ['1-1', 'zzzzzzzzzz-zzzzz', '1-R1', '0-0', '-'],
    key: ['key', 'k'.repeat(65), '\u00e9'],
  };
  return fc.constantFrom(...words[kind]);
}

/** Changes of a line's bytes. */
function mutated(line: fc.Arbitrary<Buffer>): fc.Arbitrary<Buffer> {
  const change = fc.tuple(fc.nat(), fc.constantFrom('replace', 'insert', 'remove', 'repeat'), fc.nat(255));
  return fc.tuple(line, fc.array(change, { maxLength: 4 })).map(([bytes, changes]) =>
    changes.reduce((mutant, [position, kind, byte]) => {
      const at = mutant.length === 0 ? 0 : position % mutant.length;
      const [before, after] = [mutant.subarray(0, at), mutant.subarray(at)];
      if (kind === 'insert') return Buffer.concat([before, Buffer.of(byte), after]);
      if (kind === 'remove') return Buffer.concat([before, after.subarray(1)]);
      if (kind === 'repeat') return Buffer.concat([before, after, after]);
      return Buffer.concat([before, Buffer.of(byte), after.subarray(1)]);
    }, bytes),
  );
}

/** `tokens` are of sessions that are open; `excepted` are commands that are left out. */
export function requestLines(
  tokens: readonly string[],
  excepted: readonly string[] = [],
): fc.Arbitrary<Buffer> {
  const rows = commandTable.filter(({ name }) => !excepted.includes(name));
  const grammatical = fc
    .constantFrom(...rows)
    .chain(({ name, parameters }) =>
      fc
        .tuple(...parameters.map((parameter) => wordOf(parameter, tokens)))
        .map((words) => Buffer.from([name, ...words].join(' '))),
    );
  const bytes = fc.uint8Array({ maxLength: 200 }).map((values) => Buffer.from(values));
  const long = fc.integer({ min: 8_000, max: longest }).map((length) => Buffer.alloc(length, 'send '));
  const shape = fc.oneof(
    { weight: 6, arbitrary: grammatical },
    { weight: 3, arbitrary: mutated(grammatical) },
    { weight: 2, arbitrary: bytes },
    { weight: 1, arbitrary: long },
  );
  return fc
    .tuple(shape, fc.constantFrom('\n', '\r\n'))
    .map(([line, end]) => Buffer.concat([line, Buffer.from(end)]));
}

export function countLines(bytes: Buffer): number {
  return bytes.reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 0);
}

/** The bytes in pieces of the given lengths, taken in turn. */
export function pieces(bytes: Buffer, lengths: readonly number[]): Buffer[] {
  const cut: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += lengths[(cut.length - 1) % lengths.length]!)
    cut.push(bytes.subarray(at, at + lengths[cut.length % lengths.length]!));
  return cut;
}
