// Goal: a client that behaves as the original does (64 bytes a read, each decoded on its own) gets the exact bytes.
import { cleanUp } from '../support/clean-up';
import { OriginalClient } from '../support/original-client';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

let server: ServerProcess;

beforeAll(async () => {
  server = await ServerProcess.start(['--threads', '2']);
});
afterAll(async () => {
  await server.stop();
});

const tokenReply = /^\{"status": "OK", "tokenid": "([0-9a-f-]{36})"\}\r\n\r\n$/;

async function login(client: OriginalClient, username: string): Promise<string> {
  const reply = await client.auth(username, 'surabaya');
  expect(reply).toMatch(tokenReply);
  return tokenReply.exec(reply)![1]!;
}

test("every command of the seed, as in the seed's transcript", async () => {
  const [lineker, messi] = [
    await OriginalClient.connect(server.address),
    await OriginalClient.connect(server.address),
  ];
  const linekerToken = await login(lineker, 'lineker');
  const messiToken = await login(messi, 'messi');

  expect(await lineker.send(linekerToken, 'messi', 'anjay lu jago amat')).toBe(
    '{"status": "OK", "message": "Message Sent"}\r\n\r\n',
  );
  expect(await messi.inbox(messiToken)).toBe(
    '{"status": "OK", "messages": {"lineker": [{"msg_from": "Gary Lineker", "msg_to": "Lionel Messi", ' +
      '"msg": "anjay lu jago amat"}]}}\r\n\r\n',
  );
  expect(await messi.inbox(messiToken)).toBe('{"status": "OK", "messages": {}}\r\n\r\n');
  expect(await messi.activeUsers(messiToken)).toBe('{"status": "OK", "message": "lineker, messi, "}\r\n\r\n');
  expect(await lineker.logout(linekerToken)).toBe('{"status": "OK", "messages": "Logged Out!"}\r\n\r\n');
  expect(await messi.activeUsers(messiToken)).toBe('{"status": "OK", "message": "messi, "}\r\n\r\n');
  expect(await messi.logout(messiToken)).toBe('{"status": "OK", "messages": "Logged Out!"}\r\n\r\n');
  lineker.close();
  messi.close();
});

test('emoji and accents survive wherever a read cuts them', async () => {
  const client = await OriginalClient.connect(server.address);
  const token = await login(client, 'messi');
  const start =
    '{"status": "OK", "messages": {"messi": [{"msg_from": "Lionel Messi", "msg_to": "Lionel Messi", ';
  // 64 texts that differ by one byte: every offset of the characters within a 64-byte read comes up.
  for (let shift = 1; shift <= 64; shift += 1) {
    const letters = 'x'.repeat(shift);
    await client.send(token, 'messi', `${letters}😀é本 gól! 🎉`);
    const readsBefore = client.reads;
    expect(await client.inbox(token)).toBe(
      `${start}"msg": "${letters}\\ud83d\\ude00\\u00e9\\u672c g\\u00f3l! \\ud83c\\udf89"}]}}\r\n\r\n`,
    );
    expect(client.reads - readsBefore).toBeGreaterThanOrEqual(3);
  }
  expect(await client.logout(token)).toContain('Logged Out!');
  client.close();
});

test("errors of the seed's commands", async () => {
  const client = await OriginalClient.connect(server.address);
  expect(await client.auth('messi', 'salah')).toBe(
    '{"status": "ERROR", "message": "Password Salah", "code": "WRONG_PASSWORD"}\r\n\r\n',
  );
  expect(await client.auth('maradona', 'surabaya')).toBe(
    '{"status": "ERROR", "message": "User Tidak Ada", "code": "NO_SUCH_USER"}\r\n\r\n',
  );
  const token = await login(client, 'henderson');
  expect(await client.send(token, 'maradona', 'halo 😀')).toBe(
    '{"status": "ERROR", "message": "User tidak ditemukan", "code": "RECIPIENT_NOT_FOUND"}\r\n\r\n',
  );
  expect(await client.logout(token)).toContain('Logged Out!');
  expect(await client.inbox(token)).toBe(
    '{"status": "ERROR", "message": "Session Tidak Ditemukan", "code": "BAD_SESSION"}\r\n\r\n',
  );
  client.close();
});
