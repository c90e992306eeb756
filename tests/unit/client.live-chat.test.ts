/** Goal: a live chat hands over each message once and posts each message once, whatever breaks, over real sockets. */
import { once } from 'node:events';
import { LiveChat, type ChatMessage, type LiveChatOptions } from '../../client';
import { LivePeer } from '../support/live-peer';

let peer: LivePeer;
const chats: LiveChat[] = [];

beforeEach(async () => {
  peer = await LivePeer.start();
});

afterEach(async () => {
  for (const chat of chats.splice(0)) chat.release();
  await peer.stop();
});

/** The texts handed over, and a promise of the moment when there are so many. */
class Reader {
  readonly texts: string[] = [];
  private waiting: { count: number; resolve: () => void } | undefined;

  readonly take = (message: ChatMessage): void => {
    this.texts.push(message.text);
    if (this.waiting !== undefined && this.texts.length >= this.waiting.count) this.waiting.resolve();
  };

  has(count: number): Promise<void> {
    if (this.texts.length >= count) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiting = { count, resolve };
    });
  }
}

async function open(options: Partial<LiveChatOptions> = {}): Promise<LiveChat> {
  const chat = await LiveChat.open({ ...peer.chatOptions, ...options });
  chat.closed.catch(() => undefined);
  chats.push(chat);
  return chat;
}

/** Resolves when nothing is unread at the peer any more. */
async function allAcknowledged(): Promise<void> {
  while (peer.unread.length > 0) await new Promise(setImmediate);
}

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix} ${index}`);
}

describe('messages', () => {
  test('are handed over in order, what was unread first, each acknowledged when it is handled', async () => {
    peer.deliver('one');
    peer.deliver('two');
    const reader = new Reader();
    const seen: [string, string[]][] = [];
    await open({
      onMessage: async (message) => {
        await new Promise(setImmediate);
        seen.push([message.id, [...peer.acknowledged]]);
        reader.take(message);
      },
    });
    peer.deliver('three');
    await reader.has(3);
    await allAcknowledged();
    expect(reader.texts).toEqual(['one', 'two', 'three']);
    for (const [id, acknowledgedBefore] of seen) expect(acknowledgedBefore).not.toContain(id);
    expect(peer.acknowledged.at(-1)).toBe('id-3');
  });

  test('that were not acknowledged come again on the next connection and are not handed over again', async () => {
    const reader = new Reader();
    peer.faults.set('ack', [{ breaks: 'before' }, { breaks: 'before' }]);
    await open({ onMessage: reader.take });
    peer.deliver('one');
    peer.deliver('two');
    await reader.has(2);
    await allAcknowledged();
    peer.deliver('three');
    await reader.has(3);
    expect(reader.texts).toEqual(['one', 'two', 'three']);
    expect(peer.faults.get('ack')).toEqual([]);
  });

  test('that were missed while there was no connection come once, in order', async () => {
    const reader = new Reader();
    const chat = await open({ onMessage: reader.take });
    const offline = once(chat, 'offline');
    await peer.stop();
    await offline;
    for (const text of numbered('missed', 50)) peer.deliver(text);
    await peer.listen();
    await reader.has(50);
    expect(reader.texts).toEqual(numbered('missed', 50));
  });

  test('that the handler cannot keep up with are left on the server and fetched later', async () => {
    const count = 3_500;
    const reader = new Reader();
    let release: () => void = () => undefined;
    const blocked = new Promise<void>((resolve) => (release = resolve));
    await open({
      onMessage: async (message) => {
        if (reader.texts.length === 0) await blocked;
        reader.take(message);
      },
    });
    for (const text of numbered('m', count - 1)) peer.deliver(text);
    // The last of them has been read once the reply to what was asked after it is here.
    await chats[0]!.ask((connection) => connection.ping());
    release();
    await reader.has(1_500);
    peer.deliver(`m ${count - 1}`);
    await reader.has(count);
    await allAcknowledged();
    expect(reader.texts).toEqual(numbered('m', count));
    expect(peer.received('fetch').length).toBeGreaterThan(20);
    peer.deliver('live again');
    await reader.has(count + 1);
  });

  test('a handler that throws ends the chat with its error, and the message stays unread', async () => {
    const failure = new Error('the disk is full');
    const chat = await open({
      onMessage: () => {
        throw failure;
      },
    });
    peer.deliver('one');
    peer.deliver('two');
    await expect(chat.closed).rejects.toBe(failure);
    expect(peer.acknowledged).toEqual([]);
    expect(peer.unread).toHaveLength(2);
  });

  test('an acknowledgement that the server is too busy for is repeated', async () => {
    peer.faults.set('ack', [{ error: { code: 'RATE_LIMITED', retry_ms: 5 } }]);
    await open();
    peer.deliver('one');
    await allAcknowledged();
    expect(peer.received('ack')).toHaveLength(2);
  });
});

describe('posts', () => {
  test('resolve with what the server says', async () => {
    const chat = await open();
    expect(await chat.post('lineker', 'halo  apa kabar')).toEqual({ id: 'post-1', duplicate: false });
    expect(await chat.post('#tim', 'lagi', 'my-own-key')).toEqual({ id: 'post-2', duplicate: false });
    expect(await chat.post('#tim', 'lagi', 'my-own-key')).toEqual({ id: 'post-2', duplicate: true });
    expect(peer.posts).toMatchObject([
      { destination: 'lineker', text: 'halo  apa kabar' },
      { destination: '#tim', key: 'my-own-key' },
    ]);
  });

  test.each([
    ['the connection ends before they are stored', { breaks: 'before' as const }],
    ['the connection ends after they are stored', { breaks: 'after' as const }],
    ['the outcome is unknown', { error: { code: 'UNKNOWN_OUTCOME' } }],
    ['the server is busy', { error: { code: 'BUSY' } }],
    ['they come too fast', { error: { code: 'RATE_LIMITED', retry_ms: 3 } }],
  ])('are stored once and in order when %s', async (_when, fault) => {
    peer.faults.set('post', [fault, fault]);
    const chat = await open();
    const texts = numbered('post', 100);
    await Promise.all(texts.map((text) => chat.post('lineker', text)));
    expect(peer.posts.map(({ text }) => text)).toEqual(texts);
    expect(new Set(peer.posts.map(({ key }) => key)).size).toBe(100);
  });

  test('to several destinations keep their order for each, through a server that keeps breaking', async () => {
    const chat = await open();
    const faults = Array.from({ length: 300 }, (_, index) =>
      index % 37 === 0 ? [{ breaks: index % 2 === 0 ? ('after' as const) : ('before' as const) }] : [],
    );
    peer.faults.set('post', faults.flat());
    const posts = numbered('x', 300).map((text, index) => chat.post(`user${index % 7}`, text));
    await Promise.all(posts);
    for (let user = 0; user < 7; user += 1) {
      const numbers = peer.posts
        .filter(({ destination }) => destination === `user${user}`)
        .map(({ text }) => Number(text.slice(2)));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
    }
    expect(peer.posts).toHaveLength(300);
  });

  test('made without a connection are kept and go out with the next one', async () => {
    const chat = await open({ outboxPostsMax: 2 });
    const offline = once(chat, 'offline');
    await peer.stop();
    await offline;
    const posts = [chat.post('lineker', 'one'), chat.post('lineker', 'two')];
    await expect(chat.post('lineker', 'three')).rejects.toMatchObject({ code: 'OUTBOX_FULL' });
    expect(chat.postCount).toBe(2);
    await peer.listen();
    await Promise.all(posts);
    expect(peer.posts.map(({ text }) => text)).toEqual(['one', 'two']);
    expect(chat.postCount).toBe(0);
  });

  test('reject with an error that is final, which holds up no others', async () => {
    peer.faults.set('post', [{ error: { code: 'RECIPIENT_NOT_FOUND', message: 'User tidak ditemukan' } }]);
    const chat = await open();
    const posts = [chat.post('lineker', 'one'), chat.post('lineker', 'two')];
    await expect(posts[0]).rejects.toMatchObject({ code: 'RECIPIENT_NOT_FOUND' });
    await posts[1];
    await expect(chat.post('two words', 'x')).rejects.toMatchObject({ code: 'BAD_NAME' });
    await expect(chat.post('lineker', 'a\nb')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    expect(peer.posts).toHaveLength(1);
  });

  test('sent so long ago that their keys may be forgotten are given up, and those behind them go out', async () => {
    const chat = await open();
    peer.faults.set('post', [{ breaks: 'after' }]);
    const offline = once(chat, 'offline');
    const posts = [chat.post('lineker', 'one'), chat.post('lineker', 'two')];
    posts[0]!.catch(() => undefined);
    await offline;
    const nowMs = Date.now();
    const clock = jest.spyOn(Date, 'now').mockImplementation(() => nowMs + 24 * 3_600_000);
    try {
      await expect(posts[0]).rejects.toMatchObject({ code: 'POST_EXPIRED' });
      await posts[1];
    } finally {
      clock.mockRestore();
    }
    expect(peer.posts.map(({ text }) => text)).toEqual(['one', 'two']);
  });

  test('that are given up may have been stored, unless the server has refused them', async () => {
    const chat = await open();
    peer.faults.set('post', [{ error: { code: 'BUSY', retry_ms: 30_000 } }, { isSilent: true }]);
    const posts = [
      chat.post('henderson', 'no'),
      chat.post('lineker', 'perhaps'),
      chat.post('lineker', 'behind'),
    ];
    while (peer.posts.length < 1) await new Promise(setImmediate);
    // The refusal has been read when what was said after it has.
    const afterwards = once(chat, 'gap');
    peer.announce({ event: 'gap' });
    await afterwards;
    await new Promise(setImmediate);
    chat.release();
    expect(await Promise.allSettled(posts)).toMatchObject([
      { reason: { code: 'CONNECTION_CLOSED' } },
      { reason: { code: 'UNKNOWN_OUTCOME' } },
      { reason: { code: 'CONNECTION_CLOSED' } },
    ]);
  });

  test('that wait when the chat is closed offline are rejected', async () => {
    const chat = await open();
    const offline = once(chat, 'offline');
    await peer.stop();
    await offline;
    const post = chat.post('lineker', 'one');
    chat.close();
    await expect(post).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await chat.closed;
    await peer.listen();
  });
});

describe('the login', () => {
  test('is resumed by its token', async () => {
    const chat = await open();
    const { token } = chat;
    const online = once(chat, 'online');
    peer.breakConnections();
    await online;
    expect(chat.token).toBe(token);
    expect(peer.received('auth')).toHaveLength(1);
    expect(peer.received('subscribe')).toHaveLength(2);
  });

  test('is made anew with a password that can be asked for', async () => {
    const password = jest.fn(() => Promise.resolve('surabaya'));
    const reader = new Reader();
    const chat = await open({ password, onMessage: reader.take });
    peer.token = 'forgotten';
    const post = chat.post('lineker', 'halo');
    await post;
    peer.deliver('one');
    await reader.has(1);
    expect(password).toHaveBeenCalledTimes(2);
    expect(peer.posts).toHaveLength(1);
  });

  test('ends the chat when the session is gone and the password is not known any more', async () => {
    const chat = await open();
    peer.token = 'forgotten';
    peer.breakConnections();
    await expect(chat.closed).rejects.toMatchObject({ code: 'BAD_SESSION' });
    await expect(chat.post('lineker', 'x')).rejects.toMatchObject({ code: 'BAD_SESSION' });
  });

  test('that is refused, or a server that is not there, is told at once', async () => {
    await expect(open({ password: 'salah' })).rejects.toMatchObject({ code: 'WRONG_PASSWORD' });
    peer.faults.set('subscribe', [{ error: { code: 'BAD_COMMAND' } }]);
    await expect(open()).rejects.toMatchObject({ code: 'BAD_COMMAND' });
    await peer.stop();
    await expect(open()).rejects.toMatchObject({ code: 'CONNECTION_REFUSED' });
    await peer.listen();
  });

  test('waits when the server says so', async () => {
    peer.faults.set('auth', [{ error: { code: 'RATE_LIMITED', retry_ms: 5 } }]);
    peer.faults.set('subscribe', [{ error: { code: 'BUSY', retry_ms: 5 } }]);
    const chat = await open();
    expect(chat.isOnline).toBe(true);
    expect(peer.received('auth')).toHaveLength(2);
  });

  test('ends with logout', async () => {
    peer.faults.set('logout', [{ error: { code: 'BUSY' } }]);
    const chat = await open();
    await expect(chat.logout()).rejects.toMatchObject({ code: 'BUSY' });
    await chat.logout();
    await chat.closed;
  });

  test('that has expired meanwhile ends with logout too, and is not made anew', async () => {
    const chat = await open({ password: () => 'surabaya' });
    peer.faults.set('logout', [{ error: { code: 'BAD_SESSION' } }]);
    await chat.logout();
    await chat.closed;
    expect(peer.received('auth')).toHaveLength(1);
  });

  test('that is ended elsewhere is made anew, or is the end', async () => {
    const reader = new Reader();
    await open({ password: () => 'surabaya', onMessage: reader.take });
    const other = await open();
    peer.endSession();
    await expect(other.closed).rejects.toMatchObject({ code: 'BAD_SESSION' });
    peer.deliver('after that');
    await reader.has(1);
  });
});

describe('events', () => {
  test('are passed on, those of newer servers ignored', async () => {
    const chat = await open();
    const seen: unknown[] = [];
    chat.on('presence', (presence) => seen.push(presence));
    chat.on('join', (change) => seen.push(change));
    chat.on('leave', (change) => seen.push(change));
    chat.on('gap', () => seen.push('gap'));
    const at = '2026-11-23T06:00:00.000Z';
    const who = { user: 'lineker', msg_from: 'Gary Lineker', at };
    peer.announce({ event: 'presence', state: 'online', ...who });
    peer.announce({ event: 'something-new', x: 1 });
    peer.announce({ event: 'join', room: '#tim', ...who });
    peer.announce({ event: 'gap' });
    peer.announce({ event: 'leave', room: '#tim', ...who });
    const read = once(chat, 'read');
    peer.announce({ event: 'read', id: 'id-7' });
    expect(await read).toEqual(['id-7']);
    const lineker = { user: 'lineker', name: 'Gary Lineker', at: new Date(at) };
    expect(seen).toEqual([
      { ...lineker, isOnline: true },
      { room: '#tim', ...lineker },
      'gap',
      { room: '#tim', ...lineker },
    ]);
  });

  test('a restart that is announced is waited for as long as it says', async () => {
    const chat = await open();
    const offline = once(chat, 'offline');
    peer.announce({ event: 'restart', retry_ms: 77 });
    await once(chat, 'restart');
    peer.breakConnections();
    expect(await offline).toMatchObject([{ code: 'CONNECTION_CLOSED' }, 77]);
    await once(chat, 'online');
  });

  test('an event without its parts ends the connection, and the next one begins anew', async () => {
    const chat = await open();
    const offline = once(chat, 'offline');
    peer.announce({ event: 'message', id: 'x' });
    expect(await offline).toMatchObject([{ code: 'BAD_REPLY' }, expect.any(Number)]);
    await once(chat, 'online');
  });

  test('a connection that gives no sign of life is replaced', async () => {
    peer.faults.set('ping', [{ breaks: 'before' }]);
    const chat = await open({ pingIntervalMs: 10 });
    await once(chat, 'offline');
    await once(chat, 'online');
  });
});

describe('closing', () => {
  test('inside the handler still acknowledges its message, and what was posted is stored', async () => {
    let chat: LiveChat | undefined = undefined as LiveChat | undefined;
    const posts: Promise<unknown>[] = [];
    chat = await open({
      onMessage: () => {
        posts.push(chat!.post('lineker', 'goodbye'));
        chat!.close();
      },
    });
    peer.deliver('leave');
    peer.deliver('for later');
    await chat.closed;
    await Promise.all(posts);
    expect(peer.acknowledged).toEqual(['id-1']);
    expect(peer.posts).toMatchObject([{ text: 'goodbye' }]);
  });
});
