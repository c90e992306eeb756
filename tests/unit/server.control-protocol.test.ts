// Goal: what comes through the control socket is checked as if a stranger had sent it, bounded, and never repeated.
import { Readable } from 'node:stream';
import { accountsPerRequestMax } from '../../server/admin/admin-service';
import { boundedLines } from '../../server/admin/bounded-lines';
import { controlLineBytesMax, decodeRequest, encodeRequest } from '../../server/admin/control-protocol';

const account = { username: 'ana', password: '\u{1f600}'.repeat(128), displayName: '\u{1f600}'.repeat(64) };

test('what is encoded is decoded as it was', () => {
  for (const request of [
    { command: 'addAccounts', accounts: [account] },
    { command: 'setPassword', username: 'ana', password: 'x' },
    { command: 'removeUser', username: 'ana' },
    { command: 'listUsers' },
    { command: 'backup', target: '/tmp/copy' },
    { command: 'catchUp' },
    { command: 'listLimits' },
    { command: 'clearLimits' },
    { command: 'clearLimits', target: 'messi' },
    { command: 'clearLimits', target: '2001:db8::1' },
  ] as const)
    expect(decodeRequest(encodeRequest(request))).toEqual({ value: request });
});

test('the longest request fits in a line', () => {
  const accounts = Array.from({ length: accountsPerRequestMax }, () => account);
  expect(Buffer.byteLength(encodeRequest({ command: 'addAccounts', accounts }))).toBeLessThan(
    controlLineBytesMax,
  );
});

test.each([
  ['', /JSON/],
  ['null', /JSON/],
  ['{"version": 2, "command": "listUsers"}', /version/],
  ['{"version": 1, "command": "stop"}', /unknown/],
  ['{"version": 1, "command": "removeUser", "username": "a b"}', /username/],
  ['{"version": 1, "command": "setPassword", "username": "a", "password": "rahasia sekali"}', /password/],
  ['{"version": 1, "command": "addAccounts", "accounts": {}}', /list/],
  [
    '{"version": 1, "command": "addAccounts", "accounts": [{"username": "a", "password": "rahasia sekali"}]}',
    /password/,
  ],
  ['{"version": 1, "command": "backup", "target": "copy"}', /absolute/],
  ['{"version": 1, "command": "clearLimits", "target": "a b"}', /target/],
  ['{"version": 1, "command": "clearLimits", "target": 7}', /target/],
])('%s is refused', (line, problem) => {
  const decoded = decodeRequest(line);
  expect(decoded).toEqual({ problem: expect.stringMatching(problem) as string });
  expect(JSON.stringify(decoded)).not.toContain('rahasia');
});

describe('lines of a stream', () => {
  async function linesOf(chunks: readonly string[], lineBytesMax: number): Promise<string[]> {
    const lines: string[] = [];
    const stream = Readable.from(chunks.map((chunk) => Buffer.from(chunk, 'latin1')));
    for await (const line of boundedLines(stream, lineBytesMax)) lines.push(line);
    return lines;
  }

  test('are put together from pieces, the last with or without its end', async () => {
    expect(await linesOf(['a', 'b\nc\n\nd', 'e'], 10)).toEqual(['ab', 'c', '', 'de']);
    // A character of two bytes, cut in two.
    expect(await linesOf(['\u00c3', '\u00a9\n'], 10)).toEqual(['é']);
    expect(await linesOf([], 10)).toEqual([]);
  });

  test('are never longer than the bound', async () => {
    expect(await linesOf(['1234\n'], 4)).toEqual(['1234']);
    await expect(linesOf(['12345\n'], 4)).rejects.toThrow('longer than 4 bytes');
    await expect(linesOf(['123', '45'], 4)).rejects.toThrow('longer than 4 bytes');
  });
});
