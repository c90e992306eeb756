/** Goal: replies are written where the last one ended, whole, in ASCII, and every error in its one form. */
import { type ErrorCode, errorTexts } from '../../shared/protocol/error-codes';
import { AsciiBytes, encodeReply, errorReply, ReplyWriter } from '../../shared/protocol/reply-writer';

function writer(lengthBytes = 1_000): { reply: ReplyWriter; text: () => string } {
  const target = new Uint8Array(lengthBytes);
  const reply = new ReplyWriter(target, lengthBytes);
  return { reply, text: () => Buffer.from(target.subarray(0, reply.at)).toString('latin1') };
}

test('what is written follows what was written before', () => {
  const { reply, text } = writer();
  reply.bytes(new AsciiBytes('one,'));
  reply.ascii('two,');
  reply.copy(new AsciiBytes('[three]').view, 1, 5);
  reply.reply({ status: 'OK', message: 'é' });
  reply.reply([]);
  expect(text()).toBe('one,two,three{"status": "OK", "message": "\\u00e9"}\r\n\r\n[]\r\n\r\n');
  expect(reply.roomBytes).toBe(1_000 - reply.at);
});

test('an encoded reply ends in the terminator and reads back as JSON', () => {
  const bytes = Buffer.from(encodeReply({ status: 'OK', messages: {} }).view.buffer);
  expect(bytes.toString('latin1')).toBe('{"status": "OK", "messages": {}}\r\n\r\n');
});

test.each(Object.keys(errorTexts) as ErrorCode[])('%s has its text and code', (code) => {
  const { reply, text } = writer();
  reply.error(code);
  expect(text()).toBe(`{"status": "ERROR", "message": "${errorTexts[code]}", "code": "${code}"}\r\n\r\n`);
  expect(JSON.parse(text())).toEqual(errorReply(code));
});

test('the errors of the seed have the seed’s texts', () => {
  expect(errorTexts).toMatchObject({
    WRONG_PASSWORD: 'Password Salah',
    NO_SUCH_USER: 'User Tidak Ada',
    RECIPIENT_NOT_FOUND: 'User tidak ditemukan',
    BAD_COMMAND: 'Command tidak benar',
    BAD_SESSION: 'Session Tidak Ditemukan',
    BAD_REQUEST: 'Request tidak valid',
    LINE_TOO_LONG: 'Request terlalu panjang',
  });
});

test('texts in shared memory are written as they are', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(8));
  shared.set(Buffer.from('in there'));
  const { reply, text } = writer();
  reply.copy(new DataView(shared.buffer), 3, 5);
  expect(text()).toBe('there');
});
