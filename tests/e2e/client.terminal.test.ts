/** Goal: the real chat-client on a real terminal: what is typed survives what comes, on every kind of terminal. */
import { LivePeer } from '../support/live-peer';
import { SeedServer } from '../support/seed-server';
import { TerminalSession, type TerminalOptions } from '../support/terminal-session';

jest.setTimeout(60_000);

let peer: LivePeer;

beforeEach(async () => {
  peer = await LivePeer.start();
});

afterEach(async () => {
  await TerminalSession.endAll();
  await peer.stop();
});

async function connect(options?: TerminalOptions, ...flags: string[]): Promise<TerminalSession> {
  const terminal = await TerminalSession.start(['connect', ...flags, `127.0.0.1:${peer.port}`], options);
  await terminal.shows('Command :');
  return terminal;
}

async function logIn(options?: TerminalOptions): Promise<TerminalSession> {
  const terminal = await connect(options);
  await terminal.enter('auth messi surabaya');
  await terminal.shows('Command messi:');
  // What is announced before that is announced to nobody.
  while (peer.received('subscribe').length === 0) await new Promise(setImmediate);
  return terminal;
}

const greeting = (): string =>
  `chat-client: connected to 127.0.0.1:${peer.port}; type help for the list of commands.`;

describe('a message that comes while something is typed', () => {
  test('appears above it, and what is typed is sent as it was typed', async () => {
    const terminal = await logIn();
    await terminal.type('send lineker halo jga');
    await terminal.press('Left', 'Left');
    peer.deliver('anjay lu jago amat');
    expect(await terminal.shows('(1 new)')).toBe(
      [
        greeting(),
        'Command :auth messi surabaya',
        `username messi logged in, token ${peer.token}`,
        '[06:00] Gary Lineker (lineker): anjay lu jago amat'.replace('[06:00]', '[2026-11-23 06:00]'),
        'Command messi (1 new):send lineker halo jga',
      ]
        .join('\n')
        .replace('[2026-11-23 06:00]', todayIsTheDay() ? '[06:00]' : '[2026-11-23 06:00]'),
    );
    await terminal.type('u');
    await terminal.press('Enter');
    expect(await terminal.shows(/sent to lineker\nCommand messi:$/)).toContain(
      'Command messi (1 new):send lineker halo juga\nmessage sent to lineker\nCommand messi:',
    );
    expect(peer.posts.map(({ text }) => text)).toEqual(['halo juga']);
  });

  test.each([
    ['wraps, on a narrow terminal', 34, 'kata yang panjang sekali '.repeat(4)],
    ['holds wide characters that do not fit at the edge', 41, '漢字かな交じり文は二倍の幅がある。'.repeat(3)],
    ['ends at the last column', 40, 'x'.repeat(40 - 'Command messi:send lineker '.length + 40)],
    ['holds emoji and accents', 30, 'é😀 à la carte 🎉 '.repeat(4)],
  ])('leaves nothing behind when the typed line %s', async (_how, columns, text) => {
    const terminal = await logIn({ columns, rows: 30 });
    const before = await terminal.scrollback();
    const typed = `send lineker ${text.trim()}`;
    await terminal.type(typed);
    await terminal.shows(/send/);
    for (const message of ['one', 'two', 'three']) {
      peer.deliver(message);
      await terminal.shows(`lineker: ${message}`);
    }
    const whole = (screen: string): string => screen.replaceAll('\n', '');
    const expected =
      whole(before).replace(/Command messi:$/, '') +
      ['one', 'two', 'three'].map((message) => `lineker: ${message}`).join('') +
      `Command messi (3 new):${typed}`;
    expect(whole(await terminal.scrollback()).replaceAll(' ', '')).toBe(expected.replaceAll(' ', ''));
    await terminal.press('Enter');
    await terminal.shows('message sent');
    expect(peer.posts).toMatchObject([{ text: text.trim() }]);
  });

  test('after the window was made narrower and wider leaves nothing behind either', async () => {
    const terminal = await logIn();
    await terminal.type('send lineker kata yang panjang sekali dan masih panjang lagi');
    await terminal.shows('lagi');
    await terminal.resize(50, 24);
    await terminal.shows(/sekal\ni dan masih panjang lagi$/);
    peer.deliver('one');
    await terminal.shows('(1 new)');
    await terminal.resize(100, 24);
    await terminal.shows(/dan masih panjang lagi$/);
    peer.deliver('two');
    const screen = await terminal.shows(/two\nCommand messi \(2 new\):send [^\n]*lagi$/);
    expect(screen.match(/send lineker/g)).toHaveLength(1);
    expect(screen.match(/Command/g)).toHaveLength(2);
  });

  test('comes after a password that is being typed, which is not shown', async () => {
    const terminal = await logIn();
    await terminal.enter('auth messi');
    await terminal.shows('Password:');
    await terminal.type('sura');
    peer.deliver('too early');
    await terminal.type('baya');
    await terminal.press('Enter');
    const screen = await terminal.shows('too early');
    expect(screen).not.toMatch(/sura(?!baya)|(?<!sura)baya/);
    expect(screen.indexOf('too early')).toBeGreaterThan(screen.indexOf('Password:'));
  });
});

/** Messages of the peer are of one day; on that day the client leaves the day out. */
function todayIsTheDay(): boolean {
  return new Date().toISOString().startsWith('2026-11-23');
}

test('a password that is pasted with what follows it: the question leaves the line being typed as it is', async () => {
  const terminal = await connect();
  await terminal.type('auth messi\rsurabaya\rsend lineker halo');
  expect(await terminal.shows(/Command messi:send lineker halo$/)).toMatch(/\nPassword:\nusername messi/);
  expect(peer.received('auth')).toEqual(['auth messi surabaya']);
});

test('reply, the slash, Tab on commands and names, and the arrow keys', async () => {
  const terminal = await logIn({ rows: 60 });
  peer.deliver('halo');
  await terminal.shows('halo');
  await terminal.type('/rep');
  await terminal.press('Tab');
  await terminal.enter('halo juga');
  await terminal.shows('message sent to lineker');
  await terminal.type('send lin');
  await terminal.press('Tab');
  await terminal.enter('lagi');
  await terminal.shows(/(message sent[^]*){2}/);
  await terminal.press('Up');
  await terminal.shows(/Command messi:send lineker lagi$/);
  await terminal.press('Enter');
  await terminal.shows(/(message sent[^]*){3}/);
  expect(peer.posts.map(({ destination, text }) => `${destination} ${text}`)).toEqual([
    'lineker halo juga',
    'lineker lagi',
    'lineker lagi',
  ]);
  await terminal.enter('/help');
  expect(await terminal.shows('reply, r')).toContain(
    'history USERNAME|#ROOM [COUNT [BEFORE]]\n    show a conversation',
  );
});

test('a prompt that is wider than the terminal leaves what was entered before it, or cleared, as it is', async () => {
  const terminal = await logIn({ columns: 20 });
  peer.deliver('one');
  await terminal.shows(/\(1 new\n\):$/);
  await terminal.enter('send lineker satu');
  await terminal.shows(/\nker\nCommand messi:$/);
  peer.deliver('two');
  await terminal.shows(/two\nCommand messi \(1 new\n\):$/);
  await terminal.type('send lineker dua');
  await terminal.shows(/dua$/);
  await terminal.press('C-c');
  const screen = await terminal.shows(/\nCommand messi:$/);
  expect(screen.slice(screen.indexOf('lineker: one'))).toBe(
    [
      ...['lineker: one', 'Command messi (1 new', '):send lineker satu', 'message sent to line', 'ker'],
      ...['lineker: two', 'Command messi (1 new', '):send lineker dua^C', 'Command messi:'],
    ].join('\n'),
  );
});

test('who comes and goes, and Tab on the rooms that were heard of', async () => {
  const terminal = await logIn();
  const at = '2026-11-23T06:00:00.000Z';
  const gary = { user: 'lineker', msg_from: 'Gary Lineker', at };
  peer.announce({ event: 'presence', state: 'online', ...gary });
  peer.announce({ event: 'join', room: '#tim', user: 'messi', msg_from: 'Lionel Messi', at });
  peer.announce({ event: 'join', room: '#tim', ...gary });
  peer.announce({ event: 'leave', room: '#tim', ...gary });
  peer.announce({ event: 'leave', room: '#tim', user: 'messi', msg_from: 'Lionel Messi', at });
  expect(await terminal.shows('any more')).toContain(
    [
      '* Gary Lineker (lineker) is online',
      '* Gary Lineker (lineker) joined #tim',
      '* Gary Lineker (lineker) left #tim',
      '* you are not in #tim any more',
      'Command messi:',
    ].join('\n'),
  );
  await terminal.type('send #');
  await terminal.press('Tab');
  await terminal.enter('halo');
  await terminal.shows('message sent to #tim');
});

test('a reply that is being typed goes to whoever wrote before it was begun', async () => {
  const terminal = await logIn();
  peer.deliver('first');
  await terminal.shows('first');
  await terminal.type('reply for linek');
  await terminal.shows('linek');
  peer.unread.push({ ...peer.unread[0] });
  peer.announce({
    event: 'message',
    id: 'other-1',
    from: 'henderson',
    msg_from: 'Jordan Henderson',
    to: 'messi',
    msg_to: 'Lionel Messi',
    msg: 'just now',
    at: '2026-11-23T06:00:01.000Z',
  });
  await terminal.shows('just now');
  await terminal.enter('er');
  await terminal.shows('message sent to lineker');
  await terminal.enter('reply for henderson');
  await terminal.shows('message sent to henderson');
});

test('a lost connection: pending, missed, confirmed, and what is typed survives it all', async () => {
  const terminal = await logIn();
  await terminal.type('half a li');
  await terminal.shows('half a li');
  await peer.stop();
  await terminal.shows('Command messi (offline):half a li');
  await terminal.press('C-u');
  await terminal.enter('send lineker while offline');
  await terminal.shows('Command messi (offline, 1 pending):');
  await terminal.type('half a line');
  peer.deliver('missed 1');
  peer.deliver('missed 2');
  await peer.listen();
  const screen = await terminal.shows(/message sent to lineker\nCommand messi \(2 new\):half a line$/);
  expect(screen).toMatch(/connected again\.\n[^\n]*missed 1\n[^\n]*missed 2\n/);
  expect(screen.match(/missed/g)).toHaveLength(2);
  expect(peer.posts).toHaveLength(1);
  await terminal.press('C-u');
  await terminal.enter('exit');
  await terminal.shows('left with 0');
});

test('leaving while something is not sent says so', async () => {
  const terminal = await logIn();
  await peer.stop();
  await terminal.shows('offline');
  await terminal.enter('send lineker never to be');
  await terminal.shows('1 pending');
  await terminal.press('C-d');
  const screen = await terminal.shows('left with 1');
  expect(screen).toContain('chat-client: this was not sent to lineker: never to be');
  expect(screen).toContain('chat-client: 1 message was left without an answer.');
  await peer.listen();
});

test('leaving while an answer is waited for says that it is not known', async () => {
  const terminal = await logIn();
  peer.faults.set('post', [{ isSilent: true }]);
  await terminal.enter('send lineker perhaps');
  await terminal.shows('1 pending');
  await terminal.press('C-d');
  const screen = await terminal.shows('left with 1');
  expect(screen).toContain('chat-client: this may or may not have been sent to lineker: perhaps');
  expect(peer.posts).toHaveLength(1);
});

describe('Ctrl-C twice leaves at once', () => {
  test('while the server wants a login to wait', async () => {
    const terminal = await connect();
    peer.faults.set('subscribe', [{ error: { code: 'RATE_LIMITED', retry_ms: 60_000 } }]);
    await terminal.enter('auth messi surabaya');
    await terminal.shows('Command messi:');
    await terminal.press('C-c');
    await terminal.shows('Ctrl-C again leaves');
    await terminal.press('C-c');
    await terminal.shows('left with 0');
  });

  test('while a message waits before a logout, and tells what became of it', async () => {
    const terminal = await logIn();
    peer.faults.set('post', [{ error: { code: 'BUSY', retry_ms: 60_000 } }]);
    await terminal.enter('send lineker never to be');
    await terminal.shows('1 pending');
    await terminal.enter('logout');
    await terminal.press('C-c');
    await terminal.shows('Ctrl-C again leaves');
    await terminal.press('C-c');
    const screen = await terminal.shows('left with 1');
    expect(screen).toContain('chat-client: this was not sent to lineker: never to be');
    expect(screen).toContain('chat-client: 1 message was left without an answer.');
    expect(peer.posts).toEqual([]);
  });
});

test('Ctrl-D instead of a password leaves, and what comes next is on a line of its own', async () => {
  const terminal = await connect();
  await terminal.enter('auth messi');
  await terminal.shows('Password:');
  await terminal.press('C-d');
  expect(await terminal.shows('left with 0')).toMatch(/Password:\nleft with 0$/);
});

describe.each([
  ['with a shell that continues it', true],
  ['without one', false],
])('Ctrl-Z, %s', (_how, isContinued) => {
  test('comes back to the line as it was', async () => {
    const terminal = await logIn({ isContinued, columns: 34 });
    await terminal.type('send lineker kata yang panjang sekli');
    await terminal.press('Left', 'Left', 'C-z');
    await terminal.type('a');
    await terminal.shows('sekali');
    await terminal.press('Enter');
    const screen = await terminal.shows(/sent to lineker\nCommand messi:$/);
    expect(peer.posts.map(({ text }) => text)).toEqual(['kata yang panjang sekali']);
    expect(screen).toMatch(
      /Command messi:send lineker kata ya\nng panjang sekali\nmessage sent to lineker\n/,
    );
    expect(screen.match(/panjang/g)).toHaveLength(1);
  });

  test.each([[[]], [['--classic']]])('asks for a password anew, and does not show it, %j', async (flags) => {
    const terminal = await connect({ isContinued }, ...flags);
    await terminal.enter('auth messi');
    await terminal.shows('Password:');
    await terminal.type('sura');
    await terminal.press('C-z');
    await terminal.shows(isContinued ? /\nPassword:$/ : 'Password:');
    await terminal.type('surabaya');
    await terminal.press('Enter');
    const screen = await terminal.shows('logged in');
    expect(screen).not.toContain('sura');
    expect(peer.received('auth')).toEqual(['auth messi surabaya']);
  });
});

test('Ctrl-C clears the line, twice leaves', async () => {
  const terminal = await logIn();
  await terminal.type('send lineker something wro');
  await terminal.press('C-c');
  await terminal.shows(/wro\^C\nCommand messi:$/);
  await terminal.press('C-c');
  await terminal.shows('left with 0');
  expect(peer.posts).toEqual([]);
});

test('Ctrl-C with nothing to clear says what a second one does', async () => {
  const terminal = await logIn();
  await terminal.press('C-c');
  await terminal.shows('Ctrl-C again leaves');
  await terminal.enter('ping');
  await terminal.shows('pong');
  await terminal.press('C-d');
  await terminal.shows('left with 0');
});

test('a dumb terminal gets no escape sequences, and Backspace works', async () => {
  const terminal = await logIn({ environment: { TERM: 'dumb' } });
  await terminal.type('send lineker halx');
  await terminal.press('BSpace');
  await terminal.type('o');
  await terminal.shows('halo');
  peer.deliver('dari lineker');
  await terminal.shows(/halo\n[^\n]*dari lineker\nCommand messi \(1 new\):send lineker halo$/);
  await terminal.press('Enter');
  await terminal.shows('message sent to lineker');
  expect(peer.posts).toMatchObject([{ text: 'halo' }]);
  await terminal.press('C-d');
  await terminal.shows('left with 0');
});

describe('as it was', () => {
  test('with --classic nothing comes by itself, and the prompt shows the token', async () => {
    const terminal = await connect({ columns: 100 }, '--classic');
    await terminal.enter('auth messi surabaya');
    await terminal.shows(/Command token-2:$/);
    await terminal.enter('/help');
    expect(await terminal.shows('Error, ')).toBe(
      [
        greeting(),
        'Command :auth messi surabaya',
        `username messi logged in, token ${peer.token}`,
        `Command ${peer.token}:/help`,
        'Error, Command tidak benar',
        `Command ${peer.token}:`,
      ].join('\n'),
    );
    expect(peer.received('subscribe')).toEqual([]);
    await terminal.press('C-d');
    await terminal.shows('left with 0');
  });

  test('with an original server everything works as with an original client, and a hint says so', async () => {
    const seed = await SeedServer.start();
    try {
      const terminal = await TerminalSession.start(['connect', `127.0.0.1:${seed.port}`]);
      await terminal.shows('Command :');
      await terminal.enter('auth messi surabaya');
      await terminal.shows('sends no messages by itself');
      await terminal.enter('send messi anjay');
      await terminal.shows('message sent to messi');
      await terminal.enter('inbox');
      await terminal.shows('{"messi": [{"msg_from": "Lionel Messi"');
      await terminal.enter('logout');
      await terminal.shows('Logout success!');
      await terminal.shows(/Command :$/);
    } finally {
      await seed.stop();
    }
  });
});
