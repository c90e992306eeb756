/** Goal: the command line is read as documented, and bad usage is told apart from help by its exit code. */
import { parseCommandLine } from '../../client/options';

function parse(...words: string[]): ReturnType<typeof parseCommandLine> {
  return parseCommandLine(['node', 'chat-client', ...words], '1.2.3');
}

describe('the command line', () => {
  let printed: string;

  beforeEach(() => {
    printed = '';
    const record = (text: string | Uint8Array): boolean => {
      printed += String(text);
      return true;
    };
    jest.spyOn(process.stdout, 'write').mockImplementation(record);
    jest.spyOn(process.stderr, 'write').mockImplementation(record);
  });

  afterEach(() => {
    jest.restoreAllMocks();
  });

  test('connect takes an address, and goes to the default one without', () => {
    expect(parse('connect', 'chat.example.org')).toEqual({
      address: { host: 'chat.example.org', port: 8889 },
      tls: {},
      verbose: false,
      classic: false,
      json: false,
      requestTimeoutMs: 30_000,
    });
    expect(parse('connect')).toMatchObject({ address: { host: '127.0.0.1', port: 8889 } });
  });

  test('options go before or after the address', () => {
    expect(parse('connect', '--verbose', '[::1]:7000', '--timeout', '5')).toEqual({
      address: { host: '::1', port: 7000 },
      tls: {},
      verbose: true,
      classic: false,
      json: false,
      requestTimeoutMs: 5_000,
    });
  });

  test('help has examples, and help and version are fine', () => {
    expect(parse('--help')).toBe(0);
    expect(printed).toContain('chat-client connect 127.0.0.1:8889');
    expect(parse('connect', '--help')).toBe(0);
    expect(printed).toContain('--verbose');
    printed = '';
    expect(parse('--version')).toBe(0);
    expect(printed).toBe('1.2.3\n');
  });

  test.each([
    [],
    ['nosuch'],
    ['connect', 'localhost:99999'],
    ['connect', 'a', 'b'],
    ['connect', '--nosuch'],
    ['connect', '--timeout', '0'],
    ['connect', '--timeout', 'soon'],
  ])('bad usage: %j', (...words: string[]) => {
    expect(parse(...words)).toBe(2);
    expect(printed).not.toBe('');
  });
});
