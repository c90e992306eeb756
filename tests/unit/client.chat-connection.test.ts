/** Goal: the library keeps requests and replies together and its bounds, whatever the server does, over real sockets. */
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { ChatConnection, type ChatConnectionOptions } from '../../client';
import { findFreePort } from '../support/free-port';
import { ScriptedServer, type Script } from '../support/scripted-server';
import { SeedServer } from '../support/seed-server';

const okFrame = '{"status": "OK"}\r\n\r\n';
const cleanups: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function connect(port: number, options?: ChatConnectionOptions): Promise<ChatConnection> {
  const chat = await ChatConnection.connect('127.0.0.1', port, options);
  cleanups.push(() => {
    chat.destroy();
    return Promise.resolve();
  });
  return chat;
}

async function scripted(
  script: Script,
  options?: ChatConnectionOptions,
  greet?: (socket: Socket) => void,
): Promise<{ server: ScriptedServer; chat: ChatConnection }> {
  const server = await ScriptedServer.start(script, greet);
  cleanups.push(() => server.stop());
  return { server, chat: await connect(server.port, options) };
}

function echo(line: string, socket: Socket): void {
  socket.write(`${JSON.stringify({ status: 'OK', message: line })}\r\n\r\n`);
}

/** Takes requests and never answers. */
function silence(): void {
  // The point of it is that nothing happens.
}

describe('the typed methods', () => {
  test('work with a server of the seed’s family', async () => {
    const seed = await SeedServer.start();
    cleanups.push(() => seed.stop());
    const chat = await connect(seed.port);
    const token = await chat.auth('messi', 'surabaya');
    await chat.send(token, 'messi', 'anjay lu jago amat');
    expect(await chat.inbox(token)).toEqual([
      {
        sender: 'messi',
        messages: [{ from: 'Lionel Messi', to: 'Lionel Messi', text: ' anjay lu jago amat\r\n' }],
      },
    ]);
    expect(await chat.activeUsers(token)).toEqual(['messi']);
    await chat.logout(token);
    await expect(chat.inbox(token)).rejects.toMatchObject({ code: 'BAD_SESSION' });
    await expect(chat.auth('messi', 'x')).rejects.toMatchObject({
      code: 'WRONG_PASSWORD',
      message: 'Password Salah',
    });
    expect(seed.received[0]).toBe('auth messi surabaya\r\n');
  });

  test('send the lines of the protocol', async () => {
    const { server, chat } = await scripted(echo);
    await chat.register('siti', 'rahasia');
    await chat.register('siti', 'rahasia', 'Siti Ö');
    await chat.passwd('t', 'old', 'new');
    await chat.whoami('t');
    await chat.ping();
    expect(server.received).toEqual([
      'register siti rahasia',
      'register siti rahasia Siti Ö',
      'passwd t old new',
      'whoami t',
      'ping',
    ]);
  });

  test('of a live conversation send their lines and read their replies', async () => {
    const message = {
      id: '1z-4',
      from: 'lineker',
      msg_from: 'Gary Lineker',
      to: '#tim',
      msg_to: '#tim',
      msg: 'halo',
      at: '2026-11-23T06:00:00.000Z',
    };
    const replies: Record<string, object> = {
      post: { id: '1z-4', duplicate: true },
      fetch: { messages: [message], more: true },
      history: { messages: [message], more: false },
      search: { messages: [], more: true, before: '1y' },
      rooms: { rooms: [{ room: '#tim', members: 3, owner: 'lineker' }] },
    };
    const memberPages = [
      { members: [{ user: 'lineker', name: 'Gary Lineker', owner: true }], more: true },
      { members: [{ user: 'messi', name: 'Lionel Messi', owner: false }], more: false },
    ];
    const { server, chat } = await scripted((line, socket) => {
      if (line.startsWith('members')) replies.members = memberPages.shift()!;
      socket.write(`${JSON.stringify({ status: 'OK', ...replies[line.split(' ')[0]!] })}\r\n\r\n`);
    });
    const read = {
      id: '1z-4',
      from: 'lineker',
      fromName: 'Gary Lineker',
      to: '#tim',
      toName: '#tim',
      text: 'halo',
      at: new Date('2026-11-23T06:00:00.000Z'),
    };
    await chat.subscribe('t');
    expect(await chat.post('t', 'key-1', '#tim', 'halo  semua')).toEqual({ id: '1z-4', duplicate: true });
    expect(await chat.fetch('t', 5)).toEqual({ messages: [read], more: true });
    await chat.fetch('t');
    await chat.ack('t', '1z-4');
    expect(await chat.history('t', '#tim', { limit: 7, beforeId: '1z-4' })).toEqual({
      messages: [read],
      more: false,
    });
    replies.history = { messages: [message], more: true };
    expect(await chat.history('t', 'lineker')).toEqual({ messages: [read], more: true, before: '1z-4' });
    expect(await chat.search('t', 'kata kunci', { within: '#tim', beforeId: '1z' })).toEqual({
      messages: [],
      more: true,
      before: '1y',
    });
    await chat.search('t', 'kata', { within: 'lineker' });
    await chat.search('t', 'kata');
    await chat.join('t', '#tim');
    await chat.leave('t', '#tim');
    await chat.remove('t', '#tim', 'messi');
    expect(await chat.rooms('t')).toEqual([{ room: '#tim', memberCount: 3, owner: 'lineker' }]);
    expect(await chat.members('t', '#tim')).toEqual([
      { user: 'lineker', name: 'Gary Lineker', isOwner: true },
      { user: 'messi', name: 'Lionel Messi', isOwner: false },
    ]);
    expect(server.received).toEqual([
      'subscribe t',
      'post t key-1 #tim halo  semua',
      'fetch t 5',
      'fetch t',
      'ack t 1z-4',
      'history t #tim 7 1z-4',
      'history t lineker 50',
      'search t kata kunci #tim <1z',
      'search t kata @lineker',
      'search t kata',
      'join t #tim',
      'leave t #tim',
      'remove t #tim messi',
      'rooms t',
      'members t #tim',
      'members t #tim lineker',
    ]);
    await expect(chat.fetch('t', 0)).rejects.toMatchObject({ code: 'BAD_COMMAND' });
    replies.fetch = { messages: [{ ...message, at: 'yesterday' }] };
    await expect(chat.fetch('t')).rejects.toMatchObject({ code: 'BAD_REPLY' });
    expect(chat.isOpen).toBe(true);
  });

  test('refuse parts that would change the meaning of the line, with nothing sent', async () => {
    const { server, chat } = await scripted(echo);
    await expect(chat.send('t', 'messi', 'a\r\nlogout t')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(chat.send('t', 'messi', 'a\0b')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    await expect(chat.send('t', 'messi x', 'a')).rejects.toMatchObject({ code: 'BAD_NAME' });
    await expect(chat.send('t', 'messi', '  ')).rejects.toMatchObject({ code: 'BAD_COMMAND' });
    await expect(chat.auth('messi', 'two words')).rejects.toMatchObject({ code: 'BAD_PASSWORD' });
    await expect(chat.inbox('')).rejects.toMatchObject({ code: 'BAD_COMMAND' });
    await expect(chat.send('t', 'messi', 'é'.repeat(4_096))).rejects.toMatchObject({ code: 'LINE_TOO_LONG' });
    await chat.ping();
    expect(server.received).toEqual(['ping']);
  });
});

describe('requests and replies', () => {
  test('pipelined requests get their replies in order', async () => {
    const { chat } = await scripted(echo);
    const replies = await Promise.all(
      Array.from({ length: 200 }, (_, index) => chat.request(`ping ${index}`)),
    );
    expect(replies.map(({ members }) => members.message)).toEqual(replies.map((_, index) => `ping ${index}`));
    expect(chat.pendingRequests).toBe(0);
  });

  test('a request leaves in a single write', async () => {
    const reads: string[] = [];
    const { chat } = await scripted(echo, {}, (socket) => {
      socket.on('data', (bytes) => reads.push(bytes.toString()));
    });
    await chat.request('ping');
    expect(reads).toEqual(['ping\r\n']);
  });

  test('as many requests as the bound allows wait for replies, one more is refused', async () => {
    const { server, chat } = await scripted(echo, { pendingRequestsMax: 2 });
    const both = [chat.request('a'), chat.request('b')];
    await expect(chat.request('c')).rejects.toMatchObject({ code: 'TOO_MANY_PENDING' });
    await Promise.all(both);
    await chat.request('d');
    expect(server.received).toEqual(['a', 'b', 'd']);
  });

  test.each(['\n\n', '\n\n\n', '\r\n\r\n', '\n'])('a reply may end in %j', async (terminator) => {
    const { chat } = await scripted((line, socket) => {
      socket.write(`{"status": "OK", "message": "${line}"}${terminator}`);
    });
    const replies = await Promise.all([chat.request('a'), chat.request('b')]);
    expect(replies.map(({ members }) => members.message)).toEqual(['a', 'b']);
  });

  test('a reply may come byte by byte, its characters cut', async () => {
    const { chat } = await scripted((_line, socket) => {
      for (const byte of Buffer.from('{"status": "OK", "message": "é😀"}\r\n\r\n'))
        socket.write(Buffer.of(byte));
    });
    expect((await chat.request('x')).members.message).toBe('é😀');
  });

  test('a reply of the longest length is taken', async () => {
    const message = 'x'.repeat(1_048_000);
    const { chat } = await scripted((_line, socket) => {
      socket.write(`{"status": "OK", "message": "${message}"}\r\n\r\n`);
    });
    expect((await chat.request('x')).members.message).toBe(message);
  });
});

describe('the end of a connection', () => {
  test('no server: CONNECTION_REFUSED', async () => {
    const port = await findFreePort();
    await expect(ChatConnection.connect('127.0.0.1', port)).rejects.toMatchObject({
      code: 'CONNECTION_REFUSED',
    });
  });

  test('no such host: HOST_NOT_FOUND', async () => {
    // Not well-formed, so that no name server has to be asked.
    await expect(ChatConnection.connect('a..b', 1)).rejects.toMatchObject({
      code: 'HOST_NOT_FOUND',
    });
  });

  test('the server closes: every pending request, and every later one, is told CONNECTION_CLOSED', async () => {
    const { chat } = await scripted((line, socket) => {
      if (line === 'b') socket.end();
    });
    const closed = once(chat, 'close');
    const pending = [chat.request('a'), chat.request('b')];
    const outcomes = await Promise.allSettled(pending);
    for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'CONNECTION_CLOSED' } });
    expect(await closed).toMatchObject([{ code: 'CONNECTION_CLOSED' }]);
    await expect(chat.ping()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect(chat.isOpen).toBe(false);
  });

  test('what the server says before it closes is passed on', async () => {
    const { chat } = await scripted(silence, {}, (socket) => {
      socket.end('{"status": "ERROR", "message": "Server sibuk, coba lagi", "code": "BUSY"}\r\n\r\n');
    });
    if (chat.closeReason === undefined) await once(chat, 'close');
    expect(chat.closeReason?.message).toContain('Server sibuk, coba lagi');
  });

  test.each(['SSH-2.0-OpenSSH_9.2\r\n', '{"event": 1}\n', '\u00ff\n', `${'x'.repeat(1_060_000)}\n`])(
    'a frame that is no reply closes it: BAD_REPLY (case %#)',
    async (frame) => {
      const { chat } = await scripted((_line, socket) => {
        socket.write(Buffer.from(`${frame}${okFrame}`, 'latin1'));
      });
      const outcomes = await Promise.allSettled([chat.request('a'), chat.request('b')]);
      for (const outcome of outcomes) expect(outcome).toMatchObject({ reason: { code: 'BAD_REPLY' } });
    },
  );

  test('events between replies are emitted and are nobody’s reply', async () => {
    const { chat } = await scripted((line, socket) => {
      socket.write(`{"event": "read", "id": "${line}"}\r\n\r\n{"event": "new one"}\r\n\r\n${okFrame}`);
      socket.write('{"event": "restart", "retry_ms": 7}\r\n\r\n');
    });
    const seen: unknown[] = [];
    chat.on('read', (id) => seen.push(id));
    chat.on('restart', (retryMs) => seen.push(retryMs));
    chat.on('event', ({ kind }) => seen.push(kind));
    const replies = await Promise.all([chat.request('a'), chat.request('b')]);
    await chat.request('c');
    expect(replies.map(({ ok }) => ok)).toEqual([true, true]);
    expect(seen.slice(0, 10)).toEqual([
      ...['read', 'a', 'unknown', 'restart', 7],
      ...['read', 'b', 'unknown', 'restart', 7],
    ]);
  });

  test('an OK that nobody asked for closes it: the next reply would be taken for another request’s', async () => {
    const { chat } = await scripted((_line, socket) => {
      socket.write(`${okFrame}${okFrame}`);
    });
    const closed = once(chat, 'close');
    await chat.ping();
    expect(await closed).toMatchObject([{ code: 'BAD_REPLY' }]);
  });

  test('no reply in time closes it: TIMEOUT', async () => {
    const { chat } = await scripted(silence, { requestTimeoutMs: 20 });
    await expect(chat.ping()).rejects.toMatchObject({ code: 'TIMEOUT' });
    await expect(chat.ping()).rejects.toMatchObject({ code: 'TIMEOUT' });
  });

  test('close waits for the replies still owed and takes no more requests', async () => {
    const { server, chat } = await scripted((line, socket) => {
      if (line === 'b') socket.write(`${okFrame}${okFrame}`);
    });
    const pending = [chat.request('a'), chat.request('b')];
    const closing = chat.close();
    await expect(chat.request('c')).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect(await Promise.all(pending)).toHaveLength(2);
    await closing;
    expect(chat.closeReason).toBeUndefined();
    expect(server.received).toEqual(['a', 'b']);
    await chat.close();
  });

  test('destroy rejects what is pending', async () => {
    const { chat } = await scripted(silence);
    const pending = chat.ping();
    chat.destroy();
    await expect(pending).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    expect(chat.closeReason).toBeUndefined();
  });
});
