/** Goal: frames become replies or are refused, and errors get a stable code from every kind of server. */
import {
  activeUsersOf,
  errorOf,
  inboxOf,
  inboxTextOf,
  parseReply,
  tokenOf,
  type Reply,
} from '../../client/reply';

function reply(text: string): Reply {
  const parsed = parseReply(Buffer.from(text));
  if (parsed === undefined) throw new Error(`not a reply: ${text}`);
  return parsed;
}

describe('a frame', () => {
  test.each(['', 'SSH-2.0-OpenSSH_9.2', '[]', 'null', '{}', '{"status": "ok"}', '{"status": "OK"', '"OK"'])(
    '%j is no reply',
    (text) => {
      expect(parseReply(Buffer.from(text))).toBeUndefined();
    },
  );

  test('that is not UTF-8 is no reply', () => {
    expect(parseReply(Buffer.from('{"status": "OK", "message": "\xe9"}', 'latin1'))).toBeUndefined();
  });

  test('keeps its members and its text', () => {
    const text = '{"status": "OK", "message": "é"}';
    expect(reply(text)).toEqual({ ok: true, members: { status: 'OK', message: 'é' }, text });
  });
});

describe('an error reply', () => {
  test.each([
    [
      '{"status": "ERROR", "message": "Password Salah", "code": "WRONG_PASSWORD"}',
      'WRONG_PASSWORD',
      'Password Salah',
    ],
    ['{"status": "ERROR", "message": "Session Tidak Ditemukan"}', 'BAD_SESSION', 'Session Tidak Ditemukan'],
    ['{"status": "ERROR", "message": "Informasi"}', 'UNSPECIFIED', 'Informasi'],
    ['{"status": "ERROR", "code": 7}', 'UNSPECIFIED', 'Gagal'],
    ['{"status": "ERROR", "code": "NEW_CODE", "message": "Baru"}', 'NEW_CODE', 'Baru'],
  ])('%s has code %s', (text, code, message) => {
    expect(errorOf(reply(text))).toMatchObject({ code, message });
  });

  test('keeps its other members in its error', () => {
    const error = errorOf(
      reply('{"status": "ERROR", "code": "RATE_LIMITED", "message": "x", "retry_ms": 250}'),
    );
    expect(error.members.retry_ms).toBe(250);
  });
});

describe('the parts of replies', () => {
  test.each([
    '{"status": "OK"}',
    '{"status": "OK", "tokenid": "a b"}',
    '{"status": "OK", "tokenid": "\\u001b[2J"}',
  ])('no token is taken from %s', (text) => {
    expect(() => tokenOf(reply(text))).toThrow(/no well-formed part/);
  });

  test('active users are split at their commas', () => {
    expect(activeUsersOf(reply('{"status": "OK", "message": "lineker, messi, "}'))).toEqual([
      'lineker',
      'messi',
    ]);
    expect(activeUsersOf(reply('{"status": "OK", "message": ""}'))).toEqual([]);
  });

  test('an inbox keeps the order of its senders, numbers among them', () => {
    const message = '{"msg_from": "A", "msg_to": "B", "msg": "x"}';
    const inbox = reply(`{"status": "OK", "messages": {"zoe": [${message}], "10": [], "7": [${message}]}}`);
    expect(inboxOf(inbox)).toEqual([
      { sender: 'zoe', messages: [{ from: 'A', to: 'B', text: 'x' }] },
      { sender: '10', messages: [] },
      { sender: '7', messages: [{ from: 'A', to: 'B', text: 'x' }] },
    ]);
  });

  test.each(['7', '"text"', '[]', '{"a": 1}', '{"a": [1]}', '{"a": [{"msg": 1}]}'])(
    'an inbox of %s is refused',
    (messages) => {
      expect(() => inboxOf(reply(`{"status": "OK", "messages": ${messages}}`))).toThrow(
        /no well-formed part/,
      );
    },
  );

  test('the text of an inbox is found behind other members', () => {
    expect(inboxTextOf(reply('{"more":false,"messages":{ "a":[]},"status":"OK"}'))).toBe('{ "a":[]}');
  });
});
