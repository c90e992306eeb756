/** Goal: nothing that a server sends can steer the terminal, and colours appear where they are wanted only. */
import { wantsColour } from '../../client/colour';
import { Printer, type TextSink } from '../../client/printer';
import { pythonBytes, visibleText } from '../../client/visible-text';

class RecordingSink implements TextSink {
  written = '';
  constructor(readonly isTTY: boolean) {}

  write(text: string): void {
    this.written += text;
  }
}

describe('visible text', () => {
  test('shows what a terminal would obey', () => {
    expect(visibleText('a\u001b[31m\r\n\u0007\u009b2J\u202eb\u0000')).toBe(
      'a\\u001b[31m\\u000d\\u000a\\u0007\\u009b2J\\u202eb\\u0000',
    );
  });

  test('leaves letters of every script, and emoji, as they are', () => {
    expect(visibleText('halo é ж 漢 😀 👩‍👧')).toBe('halo é ж 漢 😀 👩‍👧');
  });

  test.each([
    ['{"a": "x"}\n\n', `b'{"a": "x"}\\n\\n'`],
    ["it's\r\t\\", 'b"it\'s\\r\\t\\\\"'],
    [`"it's"`, `b'"it\\'s"'`],
    ['\u001bé\u007f', "b'\\x1b\\xc3\\xa9\\x7f'"],
  ])('bytes are shown as Python shows them: %j', (text, shown) => {
    expect(pythonBytes(Buffer.from(text))).toBe(shown);
  });
});

describe('colour', () => {
  test.each([
    [true, {}, true],
    [true, { NO_COLOR: '' }, true],
    [true, { NO_COLOR: '1' }, false],
    [true, { TERM: 'dumb' }, false],
    [false, {}, false],
  ])('terminal %s with %j: %s', (isTTY, environment, wanted) => {
    expect(wantsColour({ isTTY }, environment)).toBe(wanted);
  });

  test('goes to the stream that is a terminal only, and never around what a server made obeyable', () => {
    const out = new RecordingSink(false);
    const err = new RecordingSink(true);
    const printer = new Printer(out, err, {});
    printer.print([
      { kind: 'error', text: 'Error, \u001b[2J' },
      { kind: 'hint', text: 'careful' },
    ]);
    expect(out.written).toBe('Error, \\u001b[2J\n');
    expect(err.written).toBe('\u001b[33mcareful\u001b[39m\n');
  });
});
