/** Goal: a live chat whose server says nothing, or goes away, before it is online or when it is let go of, does not hang. */
import { LiveChat, type LiveChatOptions } from '../../client';
import { LivePeer } from '../support/live-peer';
import { ScriptedServer } from '../support/scripted-server';

let peer: LivePeer;

beforeEach(async () => {
  peer = await LivePeer.start();
});

afterEach(async () => {
  await peer.stop();
});

function open(options: Partial<LiveChatOptions> = {}): Promise<LiveChat> {
  return LiveChat.open({ ...peer.chatOptions, ...options });
}

test('opening rejects when the server takes the connection and closes it', async () => {
  peer.faults.set('auth', [{ breaks: 'before' }]);
  peer.faults.set('subscribe', [{ breaks: 'before' }]);
  await expect(open()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  await expect(open()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  expect(peer.received('auth')).toHaveLength(2);
});

test('opening rejects when the server takes the connection and never answers', async () => {
  peer.faults.set('auth', [{ isSilent: true }]);
  await expect(open({ requestTimeoutMs: 20 })).rejects.toMatchObject({ code: 'TIMEOUT' });
  expect(peer.received('auth')).toHaveLength(1);
});

test('opening logs in anew when the session is ended the moment it is made', async () => {
  const frames = [
    '{"status": "OK", "tokenid": "token-1"}',
    '{"status": "OK", "message": "Subscribed"}\r\n\r\n{"event": "logout"}',
    '{"status": "ERROR", "message": "Session Tidak Ditemukan", "code": "BAD_SESSION"}',
    '{"status": "OK", "tokenid": "token-2"}',
    '{"status": "OK", "message": "Subscribed"}',
  ];
  const server = await ScriptedServer.start((_, socket) => socket.write(`${frames.shift()!}\r\n\r\n`));
  const chat = await open({ port: server.port, password: () => 'surabaya' });
  expect(chat.token).toBe('token-2');
  chat.release();
  await server.stop();
});

test('releasing ends the connection at once, whatever the server still owes', async () => {
  const chat = await open();
  peer.faults.set('ping', [{ isSilent: true }]);
  const asked = chat.ask((connection) => connection.ping());
  chat.release();
  await chat.closed;
  await expect(asked).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
});
