/** Goal: a request line is understood exactly as PROTOCOL.md says, whatever its spaces, tabs, bytes and line end. */
import fc from 'fast-check';
import { formatMessageId, type MessageId } from '../../shared/protocol/message-id';
import { type CommandGrammar, lineOutcome, RequestParser } from '../../shared/protocol/request-parser';
import { commandTable } from '../../workers/command-table';
import { referenceParse, type ReferenceRequest } from '../support/request-reference';

const lineBytesMax = 120;
const parser = new RequestParser(commandTable, lineBytesMax);
const token = '0f8fad5b-d9cb-469f-a165-70867728950e';

/** What the parser made of a line (given without its `\n`), in the reference's form. */
function parse(line: Buffer | string): ReferenceRequest {
  const bytes = Buffer.concat([Buffer.from('x\n'), Buffer.from(line as string), Buffer.from('\nping\n')]);
  const row = parser.parseLine(bytes, 2, bytes.length);
  expect(parser.nextLine).toBe(bytes.length - 5);
  if (row === lineOutcome.tooLong) return 'LINE_TOO_LONG';
  if (row === lineOutcome.badRequest) return 'BAD_REQUEST';
  if (row === lineOutcome.badCommand) return 'BAD_COMMAND';
  const { name: command, parameters } = commandTable[row]!;
  const textOf = ({ start, end }: { start: number; end: number }): string =>
    bytes.toString('utf8', start, end);
  const values = parameters.map(({ kind }): [string, string] => {
    if (kind === 'token') return [kind, parser.tokenIsWellFormed ? tokenText() : 'malformed'];
    if (kind === 'name') return [kind, parser.nameIsWellFormed ? parser.name.toString() : 'malformed'];
    if (kind === 'limit') return [kind, parser.limit === undefined ? '' : `${parser.limit}`];
    if (kind === 'key') return [kind, parser.keyIsWellFormed ? keyText() : 'malformed'];
    if (kind === 'id' && !parser.idIsGiven) return [kind, ''];
    if (kind === 'id') return [kind, parser.idIsWellFormed ? formatted(parser.id) : 'malformed'];
    if (kind === 'destination') {
      const sign = parser.destinationIsRoom ? '#' : '';
      return [kind, parser.nameIsWellFormed ? `${sign}${parser.name.toString()}` : 'malformed'];
    }
    if (kind === 'room') return [kind, parser.roomIsWellFormed ? `#${parser.room.toString()}` : 'malformed'];
    if (kind === 'after') {
      if (!parser.afterIsGiven) return [kind, ''];
      return [kind, parser.afterIsWellFormed ? parser.after.toString() : 'malformed'];
    }
    return [kind, textOf(parser[kind])];
  });
  return { command, parameters: Object.fromEntries(values.filter(([, value]) => value !== '')) };
}

function tokenText(): string {
  const digits = Array.from(parser.token, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

function keyText(): string {
  return Buffer.from(parser.key.words.buffer, 0, parser.key.lengthBytes).toString('latin1');
}

function formatted({ sequence, receiver }: MessageId): string {
  return formatMessageId(sequence, receiver);
}

function send(destination: string, text: string): ReferenceRequest {
  return { command: 'send', parameters: { token, destination, text } };
}

const forms: Readonly<Record<string, RegExp>> = {
  name: /^[a-z0-9._-]{1,32}$/i,
  destination: /^#?[a-z0-9._-]{1,32}$/i,
  room: /^#[a-z0-9._-]{1,32}$/i,
  after: /^[a-z0-9._-]{1,32}$/i,
};

const tokenForm = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const idForm = /^[1-9a-z][0-9a-z]{0,9}-R?[1-9a-z][0-9a-z]{0,4}$/;

/** What has a form of its own in the reference, judged as the parser judges it. */
function judged(parameters: Readonly<Record<string, string>>): Record<string, string> {
  const judgements: Record<string, string> = {};
  for (const [kind, word] of Object.entries(parameters)) {
    if (kind === 'token') judgements[kind] = tokenForm.test(word) ? word.toLowerCase() : 'malformed';
    if (kind === 'limit') judgements[kind] = /^[0-9]{1,9}$/.test(word) ? `${Number(word)}` : 'NaN';
    if (kind === 'key') judgements[kind] = /^[!-~]{1,64}$/.test(word) ? word : 'malformed';
    if (kind === 'id') judgements[kind] = idForm.test(word) ? word : 'malformed';
    const form = forms[kind];
    if (form !== undefined) judgements[kind] = form.test(word) ? word.toLowerCase() : 'malformed';
  }
  return judgements;
}

describe('words', () => {
  test('are split at single spaces', () => {
    expect(parse(`send ${token} messi halo`)).toEqual(send('messi', 'halo'));
  });

  test('may have runs of spaces around them, and the line may begin and end with spaces', () => {
    expect(parse(`  send   ${token}  messi   halo  `)).toEqual(send('messi', 'halo'));
    expect(parse('   ping   ')).toEqual({ command: 'ping', parameters: {} });
  });

  test('are as original clients send them: two spaces before the text, one after, then CR LF', () => {
    expect(parse(`send ${token} messi  anjay lu jago amat \r`)).toEqual(send('messi', 'anjay lu jago amat'));
  });

  test('beyond those that a command takes are ignored', () => {
    expect(parse(`inbox ${token} and more`)).toEqual({ command: 'inbox', parameters: { token } });
    expect(parse('ping pong')).toEqual({ command: 'ping', parameters: {} });
  });

  test.each(['PING', 'Ping', 'pin', 'pingg', 'pong', 'p', 'constructor', '__proto__', 'pxng', 'pi g'])(
    'that are no command are: %s',
    (word) => {
      expect(parse(word)).toBe('BAD_COMMAND');
    },
  );
});

describe('parameters that are missing or empty', () => {
  test.each([
    '',
    ' ',
    '\r',
    'auth',
    'auth messi',
    'auth messi ',
    `send`,
    `send ${token}`,
    `send ${token} messi`,
    `send ${token} messi `,
    `send ${token} messi   \r`,
    `send ${token} messi \t `,
    'inbox',
    'inbox  ',
    'logout',
    `passwd ${token} old`,
    'register messi',
    'fetch',
    `ack ${token}`,
    `ack ${token}  `,
    `post ${token} key`,
    `post ${token} key messi`,
    `post ${token} key messi  \t `,
  ])('make it a bad command: %j', (line) => {
    expect(parse(line)).toBe('BAD_COMMAND');
  });

  test('may be the optional ones', () => {
    expect(parse('register ronaldo cr7')).toEqual({
      command: 'register',
      parameters: { name: 'ronaldo', password: 'cr7' },
    });
    expect(parse('register ronaldo cr7  Cristiano  Ronaldo ')).toEqual({
      command: 'register',
      parameters: { name: 'ronaldo', password: 'cr7', displayName: 'Cristiano  Ronaldo' },
    });
  });

  test('do not keep what an earlier line had', () => {
    parse(`fetch ${token} 7`);
    expect(parse(`fetch ${token}`)).not.toHaveProperty('parameters.limit');
    parse('register ronaldo cr7 Cristiano');
    expect(parse('register messi leo')).not.toHaveProperty('parameters.displayName');
  });
});

describe('a message text', () => {
  test('keeps its inner white space and loses the outer', () => {
    expect(parse(`send ${token} messi  \t a  b\tc   d \t \r`)).toEqual(send('messi', 'a  b\tc   d'));
  });

  test('may hold quotes, backslashes and any printable character', () => {
    expect(parse(`send ${token} messi "é" \\n 😀 語`)).toEqual(send('messi', '"é" \\n 😀 語'));
  });
});

describe('tabs', () => {
  test.each([`send\t${token} messi halo`, `send ${token}\tmessi halo`, `send ${token} messi\thalo`])(
    'do not separate words: %j',
    (line) => {
      expect(parse(line)).toBe('BAD_REQUEST');
    },
  );

  test.each(['auth messi pass\tword', '\tping', 'ping\t', 'register a b Display\tName', `inbox ${token}\t`])(
    'are refused outside of a message text: %j',
    (line) => {
      expect(parse(line)).toBe('BAD_REQUEST');
    },
  );
});

describe('bytes that no request may hold', () => {
  const controls = [...Array(32).keys(), 0x7f].filter((byte) => byte !== 0x09 && byte !== 0x0a);

  test.each(controls)('control character %d, in a text or in a word', (byte) => {
    const character = String.fromCharCode(byte);
    expect(parse(`send ${token} messi a${character}b`)).toBe('BAD_REQUEST');
    expect(parse(`pi${character}ng`)).toBe('BAD_REQUEST');
  });

  test('a second carriage return before the line end', () => {
    expect(parse('ping\r\r')).toBe('BAD_REQUEST');
    expect(parse('ping \r ')).toBe('BAD_REQUEST');
  });

  test.each([0x80, 0x85, 0x9b, 0x9f])('the C1 control U+00%x', (codePoint) => {
    expect(parse(`send ${token} messi a${String.fromCodePoint(codePoint)}b`)).toBe('BAD_REQUEST');
  });

  test.each([
    [[0xff]],
    [[0xc0, 0xaf]],
    [[0xed, 0xa0, 0x80]],
    [[0xf4, 0x90, 0x80, 0x80]],
    [[0xe2, 0x82]],
    [[0xf0, 0x9f, 0x98]],
  ])('bytes that are not UTF-8: %j, also at the end of the line', (bytes) => {
    const line = Buffer.concat([Buffer.from(`send ${token} messi a`), Buffer.from(bytes)]);
    expect(parse(line)).toBe('BAD_REQUEST');
    expect(parse(Buffer.concat([line, Buffer.from(' b')]))).toBe('BAD_REQUEST');
    expect(parse(Buffer.concat([line, Buffer.from('\r')]))).toBe('BAD_REQUEST');
  });
});

describe('the bound of a line', () => {
  const lineOf = (lengthBytes: number): string => 'ping'.padEnd(lengthBytes, ' x');

  test('counts neither LF nor the CR before it', () => {
    expect(parse(lineOf(lineBytesMax))).toEqual({ command: 'ping', parameters: {} });
    expect(parse(`${lineOf(lineBytesMax)}\r`)).toEqual({ command: 'ping', parameters: {} });
    expect(parse(lineOf(lineBytesMax + 1))).toBe('LINE_TOO_LONG');
    expect(parse(`${lineOf(lineBytesMax + 1)}\r`)).toBe('LINE_TOO_LONG');
  });

  test('counts bytes, not characters', () => {
    expect(parse(`ping ${'é'.repeat(58)}`)).toBe('LINE_TOO_LONG');
  });

  test('comes before every other mistake', () => {
    expect(parse(Buffer.alloc(lineBytesMax + 1, 0xff))).toBe('LINE_TOO_LONG');
    expect(parse(Buffer.alloc(lineBytesMax + 1, 0))).toBe('LINE_TOO_LONG');
  });
});

describe('a name or token that has not the form of one', () => {
  test('is told apart from a missing one', () => {
    expect(parse('auth mess!i pw')).toMatchObject({ command: 'auth', parameters: { name: 'malformed' } });
    expect(parse(`auth ${'a'.repeat(33)} pw`)).toMatchObject({ parameters: { name: 'malformed' } });
    expect(parse('inbox 1234')).toMatchObject({ command: 'inbox', parameters: { token: 'malformed' } });
  });

  test('is not remembered as right from an earlier line', () => {
    parse(`send ${token} messi halo`);
    expect(parse('send 1234 !! halo')).toMatchObject({
      parameters: { token: 'malformed', destination: 'malformed' },
    });
  });
});

describe('a room', () => {
  test('is a name behind a #, folded', () => {
    expect(parse(`join ${token} #Tim_1`)).toEqual({ command: 'join', parameters: { token, room: '#tim_1' } });
    expect(parse(`remove ${token} #tim Messi`)).toEqual({
      command: 'remove',
      parameters: { token, room: '#tim', name: 'messi' },
    });
  });

  test.each(['tim', '#', '##tim', '#ti/m', `#${'a'.repeat(33)}`, '#tim#'])('is not %s', (word) => {
    expect(parse(`join ${token} ${word}`)).toMatchObject({ parameters: { room: 'malformed' } });
  });

  test('may be a destination, beside users', () => {
    expect(parse(`send ${token} #tim halo #semua`)).toEqual(send('#tim', 'halo #semua'));
    expect(parse(`send ${token} tim halo`)).toEqual(send('tim', 'halo'));
    expect(parse(`send ${token} # halo`)).toEqual(send('malformed', 'halo'));
  });

  test('has members, listed from the first or behind one', () => {
    expect(parse(`members ${token} #tim messi`)).toMatchObject({ parameters: { after: 'messi' } });
    expect(parse(`members ${token} #tim`)).toEqual({
      command: 'members',
      parameters: { token, room: '#tim' },
    });
    expect(parse(`members ${token} #tim !`)).toMatchObject({ parameters: { after: 'malformed' } });
  });
});

/** Whether the line is a request; an expectation fails when parser and reference do not agree on it. */
function isUnderstoodAsReference(line: Buffer): boolean {
  const expected = referenceParse(line, commandTable, lineBytesMax);
  if (typeof expected === 'string') {
    expect(parse(line)).toBe(expected);
    return false;
  }
  const { command, parameters } = expected;
  expect(parse(line)).toEqual({ command, parameters: { ...parameters, ...judged(parameters) } });
  return true;
}

test('every line is understood as the reference understands it', () => {
  const word = fc.oneof(
    fc.constantFrom(...commandTable.map(({ name }) => name)),
    fc.constantFrom(
      token,
      'messi',
      '#tim',
      '#',
      '17',
      '1z-R2',
      'x',
      '',
      'é',
      '\t',
      '\r',
      '\0',
      '\u0085',
      '"',
      '\u00a0',
    ),
    fc.string({ unit: 'binary', maxLength: 4 }).filter((text) => !text.includes('\n')),
  );
  const space = fc.constantFrom(' ', ' ', ' ', '  ', '\t', ' \t', '');
  const line = fc
    .tuple(
      fc.constantFrom('', '', ' '),
      fc.array(fc.tuple(word, space), { maxLength: 8 }),
      fc.constantFrom('', '\r'),
    )
    .map(([lead, words, end]) => lead + words.flat().join('') + end);
  const started = fc
    .tuple(
      fc.constantFrom(
        `send ${token} messi`,
        `send ${token} #tim`,
        `join ${token}`,
        `remove ${token} #tim`,
        `members ${token}`,
        'auth messi',
        `passwd ${token}`,
        'register me pw',
        `fetch ${token}`,
        `ack ${token}`,
        `post ${token} k3y`,
      ),
      space,
      line,
    )
    .map((parts) => parts.join(''));
  const tail = fc.string({ unit: fc.constantFrom('a', 'é', ' ', '  ', '\t'), minLength: 1, maxLength: 12 });
  const plain = fc
    .tuple(fc.constantFrom(`send ${token} messi `, 'auth messi '), tail)
    .map((parts) => parts.join(''));
  let understood = 0;
  fc.assert(
    fc.property(fc.oneof(line, started, plain), fc.constantFrom(undefined, 0xff, 0xe2), (text, extra) => {
      const ending = extra === undefined ? Buffer.alloc(0) : Buffer.of(extra);
      if (isUnderstoodAsReference(Buffer.concat([Buffer.from(text), ending]))) understood += 1;
    }),
    { numRuns: 5_000 },
  );
  expect(understood).toBeGreaterThan(300);
});

test('a line that begins like the one before it is understood as if it stood alone', () => {
  const otherToken = token.replace('0', '1');
  const beginning = fc
    .tuple(
      fc.constantFrom('send', ' send', 'send ', 'inbox', 'history', 'members', 'post', 'logout', 'ping'),
      fc.constantFrom(token, token, token.slice(1), `${token}x`, otherToken.toUpperCase(), 'é"'),
      fc.constantFrom(' messi', ' messi', '  messi', ' #tim', ' messi.', ' m"', ' é', ''),
    )
    .map(([command, session, destination]) => `${command} ${session}${destination}`);
  const ending = fc.constantFrom(
    '',
    ' ',
    '\r',
    ' a',
    ' a\r',
    'a',
    '\ta',
    ' \ta',
    ' a\r\r',
    ' "é"',
    ' 17 1z-2',
    '\0',
  );
  let repeated = 0;
  fc.assert(
    fc.property(
      beginning,
      fc.array(fc.tuple(ending, fc.boolean(), beginning), { minLength: 2 }),
      (first, lines) => {
        for (const [end, isAnother, another] of lines) {
          const isRequest = isUnderstoodAsReference(Buffer.from((isAnother ? another : first) + end));
          if (isRequest && !isAnother) repeated += 1;
        }
      },
    ),
    { numRuns: 2_000 },
  );
  expect(repeated).toBeGreaterThan(1_000);
});

test('a parameter that the line before did not have is not taken for one of its beginning', () => {
  const peek: CommandGrammar = {
    name: 'peek',
    parameters: [
      { kind: 'token', label: 'token' },
      { kind: 'destination', label: 'peer', optional: true },
    ],
  };
  const ownParser = new RequestParser([peek], lineBytesMax);
  const bytes = Buffer.from(`peek ${token}\npeek ${token} messi\npeek ${token} messi2\n\n`);
  const names: string[] = [];
  for (let at = 0; at < bytes.length - 1; at = ownParser.nextLine) {
    expect(ownParser.parseLine(bytes, at, bytes.length)).toBe(0);
    names.push(ownParser.name.toString());
  }
  expect(names).toEqual(['', 'messi', 'messi2']);
});

test('lines that follow one another in one run are each found', () => {
  const bytes = Buffer.from('ping\r\n\nhelp\nbogus\n');
  const rows: number[] = [];
  for (let at = 0; at < bytes.length; at = parser.nextLine)
    rows.push(parser.parseLine(bytes, at, bytes.length));
  const { badCommand } = lineOutcome;
  const rowOf = (command: string): number => commandTable.findIndex(({ name }) => name === command);
  expect(rows).toEqual([rowOf('ping'), badCommand, rowOf('help'), badCommand]);
});

test('a table whose commands cannot be told apart by their keys is refused', () => {
  expect(() => new RequestParser([...commandTable, { name: 'ping', parameters: [] }], 100)).toThrow(
    'share the key',
  );
});
