/** Goal: typed lines become the right requests, and replies the seed's lines, without any socket or terminal. */
import { parseReply } from '../../client/reply';
import { Session } from '../../client/session';
import type { OutputLine, Step } from '../../client/step';

const token = 'a695cc5d-e883-4fe5-a239-e8175c4781b6';
const ok = '{"status": "OK"}';

function requestOf(step: Step): Step & { do: 'request' } {
  if (step.do !== 'request') throw new Error(`no request but ${JSON.stringify(step)}`);
  return step;
}

function linesOf(step: Step): string[] {
  if (step.do !== 'print') throw new Error(`nothing printed but ${JSON.stringify(step)}`);
  return texts(step.lines);
}

function texts(lines: readonly OutputLine[]): string[] {
  return lines.map(({ text }) => text);
}

/** Enters a line that leads to a request, answers it, and returns what is printed. */
function exchange(session: Session, typed: string, replyText: string): string[] {
  return texts(requestOf(session.enter(typed)).answer(parseReply(Buffer.from(replyText))!));
}

function loggedIn(canAsk = false): Session {
  const session = new Session({ canAsk });
  exchange(session, 'auth messi surabaya', `{"status": "OK", "tokenid": "${token}"}`);
  return session;
}

describe('commands and what they print', () => {
  test('auth prints the token, and the prompt shows it from then on', () => {
    const session = new Session();
    expect(session.prompt).toBe('Command :');
    expect(requestOf(session.enter('auth messi surabaya')).line).toBe('auth messi surabaya');
    expect(exchange(session, 'auth messi surabaya', `{"status": "OK", "tokenid": "${token}"}`)).toEqual([
      `username messi logged in, token ${token}`,
    ]);
    expect(session.prompt).toBe(`Command ${token}:`);
  });

  test.each([
    [
      'send henderson anjay  gua ganteng',
      `send ${token} henderson anjay  gua ganteng`,
      ok,
      'message sent to henderson',
    ],
    ['  send   henderson   x', `send ${token} henderson x`, ok, 'message sent to henderson'],
    ['inbox', `inbox ${token}`, '{"status": "OK", "messages": {"b": [], "7": []}}', '{"b": [], "7": []}'],
    ['activeuser', `activeuser ${token}`, '{"status": "OK", "message": "a, b, "}', 'Active User: "a, b, "'],
    ['active ', `activeuser ${token}`, '{"status": "OK", "message": ""}', 'Active User: ""'],
    ['logout', `logout ${token}`, '{"status": "OK", "messages": "Logged Out!"}', 'Logout success!'],
    ['register siti rahasia Siti  Ö', 'register siti rahasia Siti  Ö', ok, 'username siti registered'],
    ['register siti rahasia', 'register siti rahasia', ok, 'username siti registered'],
    ['passwd old new', `passwd ${token} old new`, ok, 'password changed'],
    ['whoami', `whoami ${token}`, '{"status": "OK", "username": "messi", "n": 1}', 'username messi, n 1'],
    ['ping', 'ping', '{"status": "OK", "message": "pong"}', 'pong'],
    ['ping', 'ping', ok, 'OK'],
  ])('%j sends %j', (typed, line, replyText, printed) => {
    const session = loggedIn();
    expect(requestOf(session.enter(typed)).line).toBe(line);
    expect(exchange(session, typed, replyText)).toEqual([printed]);
  });

  test.each(['send a b', 'inbox', 'activeuser', 'active', 'logout', 'passwd a b', 'whoami', 'send'])(
    '%j before login is not authorized',
    (typed) => {
      expect(linesOf(new Session({ canAsk: true }).enter(typed))).toEqual(['Error, not authorized']);
    },
  );

  test.each([
    'nosuch',
    'AUTH messi x',
    'auth',
    'auth messi',
    'auth a b c',
    'send',
    'send messi',
    'send messi   ',
  ])('%j is no right command', (typed) => {
    expect(linesOf(loggedIn().enter(typed))).toEqual(['Error, Command tidak benar']);
  });

  test('a blank line does nothing', () => {
    expect(linesOf(new Session().enter('   '))).toEqual([]);
  });

  test.each([
    ['history lineker', `history ${token} lineker 20`],
    ['history #tim 5 1z-r1', `history ${token} #tim 5 1z-r1`],
    ['search kata kunci #tim', `search ${token} kata kunci #tim`],
    ['join #tim', `join ${token} #tim`],
    ['leave #tim', `leave ${token} #tim`],
    ['rooms', `rooms ${token}`],
    ['members #tim', `members ${token} #tim`],
    ['members #tim lineker', `members ${token} #tim lineker`],
    ['remove #tim lineker', `remove ${token} #tim lineker`],
  ])('%j sends %j', (typed, line) => {
    expect(requestOf(loggedIn().enter(typed)).line).toBe(line);
  });

  test('rooms and members are shown a line each', () => {
    const session = loggedIn();
    expect(
      exchange(
        session,
        'rooms',
        '{"status": "OK", "rooms": [{"room": "#tim", "members": 1, "owner": "messi"}, {"room": "#b", "members": 3, "owner": "b"}]}',
      ),
    ).toEqual(['#tim  1 member, owner messi', '#b  3 members, owner b']);
    expect(exchange(session, 'rooms', '{"status": "OK", "rooms": []}')[0]).toContain('join #ROOM');
    expect(
      exchange(
        session,
        'members #tim',
        '{"status": "OK", "members": [{"user": "messi", "name": "Lionel Messi", "owner": true}, {"user": "b", "name": "b", "owner": false}], "more": true}',
      ),
    ).toEqual(['Lionel Messi (messi), owner', 'b', 'chat-client: there is more: members #tim b']);
    expect(session.state.roomsSeen).toEqual(['#b', '#tim']);
    expect(session.state.namesSeen).toEqual(['b', 'messi']);
  });

  test('messages are shown with their time, who they are from and, where it is not oneself, to', () => {
    const message = (from: string, to: string): string =>
      `{"id": "1-${from}", "from": "${from}", "msg_from": "The ${from}", "to": "${to}", "msg_to": "x", ` +
      `"msg": "halo", "at": "2001-02-03T04:05:06.007Z"}`;
    const replyText =
      `{"status": "OK", "messages": [${message('b', 'messi')}, ${message('messi', 'b')}, ${message('b', '#tim')}], ` +
      `"more": true}`;
    const lines = exchange(loggedIn(), 'history b 3', replyText);
    expect(lines.map((line) => line.replace(/\[2001-02-0\d \d\d:\d\d\]/, '[time]'))).toEqual([
      '[time] The b (b): halo',
      '[time] The messi (messi) to b: halo',
      '[time] #tim The b (b): halo',
      'chat-client: there is more: history b 3 1-b',
    ]);
    expect(exchange(loggedIn(), 'history b', '{"status": "OK", "messages": []}')).toEqual([
      'chat-client: no messages.',
    ]);
    expect(
      exchange(
        loggedIn(),
        'search a b @c <9',
        '{"status": "OK", "messages": [], "more": true, "before": "7"}',
      ),
    ).toEqual(['chat-client: no messages.', 'chat-client: there is more: search a b @c <7']);
  });

  test.each(['history', 'history a b', 'history a 1 2 3', 'history a 0', 'join', 'join a b', 'remove #tim'])(
    '%j is no right command either',
    (typed) => {
      expect(linesOf(loggedIn().enter(typed))).toEqual(['Error, Command tidak benar']);
    },
  );

  test.each(['exit', 'quit'])('%s leaves', (typed) => {
    expect(new Session().enter(typed)).toEqual({ do: 'leave' });
  });

  test('help names every command', () => {
    const help = linesOf(new Session().enter('help')).join('\n');
    for (const name of [
      'auth',
      'send',
      'inbox',
      'activeuser, active',
      'logout',
      'register',
      'passwd',
      'exit, quit',
    ]) {
      expect(help).toContain(name);
    }
  });
});

describe('error replies', () => {
  test('are printed in the form of the original client', () => {
    const session = new Session();
    expect(exchange(session, 'auth messi x', '{"status": "ERROR", "message": "Password Salah"}')).toEqual([
      'Error, Password Salah',
    ]);
    expect(session.prompt).toBe('Command :');
  });

  test.each([
    '{"status": "ERROR", "message": "Session Tidak Ditemukan", "code": "BAD_SESSION"}',
    '{"status": "ERROR", "message": "Session Tidak Ditemukan"}',
  ])('a login that the server has forgotten is forgotten here too: %s', (replyText) => {
    const session = loggedIn();
    const [error, advice] = exchange(session, 'inbox', replyText);
    expect(error).toBe('Error, Session Tidak Ditemukan');
    expect(advice).toContain('Log in again');
    expect(session.prompt).toBe('Command :');
    expect(linesOf(session.enter('inbox'))).toEqual(['Error, not authorized']);
  });

  test('other errors keep the login, and a time to wait is told', () => {
    const session = loggedIn();
    const busy = '{"status": "ERROR", "message": "Terlalu cepat", "code": "RATE_LIMITED", "retry_ms": 1500}';
    expect(exchange(session, 'inbox', busy)).toEqual([
      'Error, Terlalu cepat',
      'chat-client: try again in 1.5 s.',
    ]);
    expect(session.prompt).toBe(`Command ${token}:`);
  });

  test('a logout that worked ends the login', () => {
    const session = loggedIn();
    exchange(session, 'logout', ok);
    expect(session.prompt).toBe('Command :');
  });
});

describe('where messages come by themselves', () => {
  function live(): Session {
    const session = new Session({ isLive: true });
    exchange(session, 'auth Messi surabaya', `{"status": "OK", "tokenid": "${token}"}`);
    return session;
  }

  test('send posts once the login is subscribed, and is a plain send before', () => {
    const session = live();
    expect(requestOf(session.enter('send b halo')).line).toBe(`send ${token} b halo`);
    session.state.isSubscribed = true;
    expect(session.enter('send #tim  halo  semua ')).toEqual({
      do: 'post',
      destination: '#tim',
      text: 'halo  semua',
    });
    expect(linesOf(session.enter('send b '))).toEqual(['Error, Command tidak benar']);
    expect(session.state.roomsSeen).toEqual(['#tim']);
  });

  test('reply is to where the last message came from', () => {
    const session = live();
    session.state.isSubscribed = true;
    expect(linesOf(session.enter('reply halo'))[0]).toContain('nobody has written yet');
    session.state.lastCorrespondent = '#tim';
    expect(session.enter('r halo juga')).toEqual({ do: 'post', destination: '#tim', text: 'halo juga' });
    expect(linesOf(session.enter('reply  '))).toEqual(['Error, Command tidak benar']);
  });

  test('commands may have a slash; elsewhere neither that nor reply is known', () => {
    expect(linesOf(live().enter('/help')).join('\n')).toContain('reply, r MESSAGE');
    expect(requestOf(live().enter('/rooms')).line).toBe(`rooms ${token}`);
    const session = loggedIn();
    for (const typed of ['/help', 'reply halo', '/rooms'])
      expect(linesOf(session.enter(typed))).toEqual(['Error, Command tidak benar']);
    expect(linesOf(session.enter('help')).join('\n')).not.toContain('reply');
  });

  test('a login that is over takes with it what belonged to it', () => {
    const session = live();
    session.state.isSubscribed = true;
    session.state.lastCorrespondent = 'b';
    exchange(session, 'logout', ok);
    expect(session.state).toMatchObject({ token: undefined, username: undefined, isSubscribed: false });
    expect(session.state.lastCorrespondent).toBeUndefined();
  });
});

describe('passwords that are left out', () => {
  function askedBy(session: Session, typed: string): Step & { do: 'ask' } {
    const step = session.enter(typed);
    if (step.do !== 'ask') throw new Error(`nothing asked but ${JSON.stringify(step)}`);
    return step;
  }

  test('are asked for by auth', () => {
    expect(requestOf(askedBy(new Session({ canAsk: true }), 'auth messi').answered(['surabaya'])).line).toBe(
      'auth messi surabaya',
    );
  });

  test('are asked for twice by register', () => {
    const asked = askedBy(new Session({ canAsk: true }), 'register siti');
    expect(asked.questions).toHaveLength(2);
    expect(requestOf(asked.answered(['rahasia', 'rahasia'])).line).toBe('register siti rahasia');
    expect(linesOf(asked.answered(['rahasia', 'rahasai']))).toEqual(['Error, the two passwords differ']);
  });

  test('are asked for by passwd', () => {
    const asked = askedBy(loggedIn(true), 'passwd');
    expect(requestOf(asked.answered(['old', 'new', 'new'])).line).toBe(`passwd ${token} old new`);
    expect(linesOf(asked.answered(['old', 'new', 'nwe']))).toEqual(['Error, the two new passwords differ']);
  });

  test('are refused when empty, or with a space in them', () => {
    const asked = askedBy(new Session({ canAsk: true }), 'auth messi');
    expect(linesOf(asked.answered(['']))).toEqual(['Error, Command tidak benar']);
    expect(linesOf(asked.answered(['two words']))).toEqual(['Error, Password tidak valid']);
  });
});
