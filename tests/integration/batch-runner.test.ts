/** Goal: a batch's lines are answered in order, each with exactly its reply, and what is not done is left for later. */
import { replyBytesMax } from '../../shared/protocol/limits';
import { FilledSlot } from '../support/filled-slot';
import { nameOf } from '../support/store-values';

const password = 'surabaya';
const ok = '{"status": "OK", "message": "Message Sent"}';
const pong = '{"status": "OK", "message": "pong"}';

function errorOf(reply: string): unknown {
  return (JSON.parse(reply) as { code?: string }).code;
}

/** The seed's family, logged in as asked. */
function family(): { filled: FilledSlot; token: (name: string) => string } {
  const filled = new FilledSlot();
  filled.createUser('messi', 'Lionel Messi', password);
  filled.createUser('henderson', 'Jordan Henderson', password);
  filled.createUser('lineker', 'Gary Lineker', password);
  return { filled, token: (name) => filled.logIn(name, password) };
}

describe('the seed’s commands answer as in its transcripts', () => {
  const { filled, token } = family();
  const lineker = token('lineker');
  const messi = token('messi');

  test('auth', () => {
    expect(filled.ask(`auth messi ${password}`)).toMatch(/^\{"status": "OK", "tokenid": "[0-9a-f-]{36}"\}$/);
    expect(filled.ask('auth messi malang')).toBe(
      '{"status": "ERROR", "message": "Password Salah", "code": "WRONG_PASSWORD"}',
    );
    expect(errorOf(filled.ask('auth ronaldo x'))).toBe('NO_SUCH_USER');
    expect(errorOf(filled.ask('auth mess!i x'))).toBe('NO_SUCH_USER');
    expect(filled.ask(`auth MESSI ${password}`)).toContain('tokenid');
  });

  test('send and inbox', () => {
    expect(filled.ask(`send ${lineker} messi  anjay lu jago amat \r`)).toBe(ok);
    expect(filled.ask(`inbox ${messi}`)).toBe(
      '{"status": "OK", "messages": {"lineker": [{"msg_from": "Gary Lineker", "msg_to": "Lionel Messi", "msg": "anjay lu jago amat"}]}}',
    );
    expect(filled.ask(`inbox ${messi}`)).toBe('{"status": "OK", "messages": {}}');
  });

  test('send to nobody, too long, and to oneself', () => {
    expect(errorOf(filled.ask(`send ${lineker} ronaldo halo`))).toBe('RECIPIENT_NOT_FOUND');
    expect(errorOf(filled.ask(`send ${lineker} r@naldo halo`))).toBe('RECIPIENT_NOT_FOUND');
    expect(errorOf(filled.ask(`send ${lineker} messi ${'x'.repeat(4_097)}`))).toBe('MESSAGE_TOO_LONG');
    expect(errorOf(filled.ask(`send ${lineker} messi ${'é'.repeat(2_049)}`))).toBe('MESSAGE_TOO_LONG');
    expect(filled.ask(`send ${messi} messi ${'é'.repeat(2_048)}`)).toBe(ok);
    expect(filled.ask(`inbox ${messi}`)).toContain(`"msg": "${'\\u00e9'.repeat(2_048)}"`);
  });

  test('activeuser and active, in order of login', () => {
    const active = '{"status": "OK", "message": "lineker, messi, "}';
    expect(filled.ask(`activeuser ${messi}`)).toBe(active);
    expect(filled.ask(`active ${messi}`)).toBe(active);
  });

  test('logout', () => {
    expect(filled.ask(`logout ${messi}`)).toBe('{"status": "OK", "messages": "Logged Out!"}');
    expect(errorOf(filled.ask(`logout ${messi}`))).toBe('BAD_SESSION');
  });
});

describe('the inbox', () => {
  test('groups by sender, senders by their oldest message, whatever the names', () => {
    const { filled, token } = family();
    filled.createUser('7', 'Seven "7" \\\\', password);
    const [lineker, seven] = [token('lineker'), filled.logIn('7', password)];
    for (const [sender, text] of [
      [lineker, 'one'],
      [seven, 'two'],
      [lineker, 'three'],
      [seven, 'four'],
    ])
      filled.ask(`send ${sender!} messi ${text!}`);
    const reply = filled.ask(`inbox ${token('messi')}`);
    expect(reply.match(/"(lineker|7)": \[|"msg": "\w+"/g)).toEqual([
      '"lineker": [',
      '"msg": "one"',
      '"msg": "three"',
      '"7": [',
      '"msg": "two"',
      '"msg": "four"',
    ]);
  });

  test('a removed user and another of the same name come in replies of their own: no name is in one twice', () => {
    const { filled, token } = family();
    const [messi, henderson] = [token('messi'), token('henderson')];
    for (const number of [1, 2, 3]) {
      filled.createUser('ana', `Ana ${number}`, password);
      const ana = filled.logIn('ana', password);
      for (const sender of [ana, henderson, ana]) filled.ask(`send ${sender} messi halo ${number}`);
      if (number < 3) filled.store.removeUser(nameOf('ana'));
    }
    const reply = (...groups: string[]): string => `{"status": "OK", "messages": {${groups.join(', ')}}}`;
    const group = (name: string, displayName: string, ...numbers: number[]): string => {
      const messages = numbers.map(
        (number) => `{"msg_from": "${displayName}", "msg_to": "Lionel Messi", "msg": "halo ${number}"}`,
      );
      return `"${name}": [${messages.join(', ')}]`;
    };
    for (const number of [1, 2, 3])
      expect(filled.ask(`inbox ${messi}`)).toBe(
        reply(group('ana', `Ana ${number}`, number, number), group('henderson', 'Jordan Henderson', number)),
      );
    expect(filled.ask(`inbox ${messi}`)).toBe(reply());
  });

  test('hands over what fits a reply, oldest first, and the rest the next time', () => {
    const { filled, token } = family();
    const [messi, lineker] = [token('messi'), token('lineker')];
    const text = 'é'.repeat(2_048);
    const sent = Array.from({ length: 100 }, (_, number) => `${number}-${text.slice(0, 2_040)}`);
    for (const message of sent) expect(filled.ask(`send ${lineker} messi ${message}`)).toBe(ok);
    const received: string[] = [];
    for (let take = 0; take < 3; take += 1) {
      const reply = filled.ask(`inbox ${messi}`);
      expect(reply.length + 4).toBeLessThanOrEqual(replyBytesMax);
      const { messages } = JSON.parse(reply) as { messages: Record<string, { msg: string }[]> };
      received.push(...(messages['lineker'] ?? []).map(({ msg }) => msg));
      if (take === 0) expect(received.length).toBeGreaterThan(80);
    }
    expect(received).toEqual(sent);
  });
});

describe('the commands beyond the seed’s', () => {
  test('ping and help', () => {
    const filled = new FilledSlot();
    expect(filled.ask('ping')).toBe(pong);
    const { commands } = JSON.parse(filled.ask('help')) as { commands: { command: string }[] };
    expect(commands.map(({ command }) => command)).toEqual(
      expect.arrayContaining(['send <token> <username_dest> <message>', 'ping', 'help']),
    );
  });

  test('whoami', () => {
    const { filled, token } = family();
    expect(filled.ask(`whoami ${token('messi')}`)).toBe(
      '{"status": "OK", "username": "messi", "name": "Lionel Messi"}',
    );
  });

  test('register', () => {
    const { filled } = family();
    expect(filled.ask('register Ronaldo cr7 Cristiano  "R" é')).toContain('"OK"');
    const token = filled.logIn('ronaldo', 'cr7');
    expect(filled.ask(`whoami ${token}`)).toContain('"name": "Cristiano  \\"R\\" \\u00e9"');
    expect(errorOf(filled.ask('register RONALDO other'))).toBe('USER_EXISTS');
    expect(errorOf(filled.ask('register r@n cr7'))).toBe('BAD_NAME');
    expect(errorOf(filled.ask(`register kaka cr7 ${'n'.repeat(65)}`))).toBe('BAD_NAME');
    expect(errorOf(filled.ask(`register kaka ${'p'.repeat(129)}`))).toBe('BAD_PASSWORD');
    expect(errorOf(new FilledSlot({}, false).ask('register kaka cr7'))).toBe('FORBIDDEN');
  });

  test('two registrations of one name that overtake each other make one account', () => {
    const filled = new FilledSlot();
    const [first] = filled.run('register kaka one\n');
    const [second] = filled.run('register kaka two\n');
    expect(filled.finish(second!.deferral!)).toContain('"OK"');
    expect(errorOf(filled.finish(first!.deferral!))).toBe('USER_EXISTS');
    expect(filled.logIn('kaka', 'two')).toHaveLength(36);
  });

  test('passwd ends the other sessions and changes the password', () => {
    const { filled, token } = family();
    const [kept, other] = [token('messi'), token('messi')];
    expect(errorOf(filled.ask(`passwd ${kept} malang baru`))).toBe('WRONG_PASSWORD');
    expect(errorOf(filled.ask(`passwd ${kept} ${password} ${'x'.repeat(129)}`))).toBe('BAD_PASSWORD');
    expect(filled.ask(`passwd ${kept} ${password} baru`)).toContain('"OK"');
    expect(errorOf(filled.ask(`whoami ${other}`))).toBe('BAD_SESSION');
    expect(filled.ask(`whoami ${kept}`)).toContain('messi');
    expect(errorOf(filled.ask(`auth messi ${password}`))).toBe('WRONG_PASSWORD');
    expect(filled.logIn('messi', 'baru')).toHaveLength(36);
  });
});

describe('slow commands', () => {
  test('end their segment, and what follows is left; other segments go on', () => {
    const { filled } = family();
    const [first, second, third] = filled.run(
      `ping\nauth messi ${password}\nping\nping\n`,
      'ping\n',
      'auth nobody x\n',
    );
    expect(first).toMatchObject({ replies: [pong], unconsumed: 'ping\nping\n', user: 0 });
    expect(second).toMatchObject({ replies: [pong], unconsumed: '', user: 0, deferral: undefined });
    expect(third).toMatchObject({ replies: [], unconsumed: '' });
    expect(first!.deferral).toMatchObject({ command: 'auth', job: { kind: 'verify' } });
    expect(third!.deferral).toMatchObject({ command: 'auth', job: { kind: 'verifyNobody' } });
    expect(filled.finish(first!.deferral!)).toContain('tokenid');
    expect(errorOf(filled.finish(third!.deferral!))).toBe('NO_SUCH_USER');
  });

  test('are not deferred when there is nothing slow to do', () => {
    const [outcome] = new FilledSlot({}, false).run('register a b\nping\n');
    expect(outcome).toMatchObject({ unconsumed: '', deferral: undefined });
    expect(outcome!.replies.map(errorOf)).toEqual(['FORBIDDEN', undefined]);
  });

  test('find what has changed meanwhile', () => {
    const { filled, token } = family();
    const messi = token('messi');
    const [login] = filled.run(`auth messi ${password}\n`);
    const [change] = filled.run(`passwd ${messi} ${password} another\n`);
    expect(filled.ask(`passwd ${messi} ${password} baru`)).toContain('"OK"');
    expect(errorOf(filled.finish(login!.deferral!))).toBe('WRONG_PASSWORD');
    expect(errorOf(filled.finish(change!.deferral!))).toBe('WRONG_PASSWORD');
    const [last] = filled.run(`passwd ${messi} baru another\n`);
    filled.ask(`logout ${messi}`);
    expect(errorOf(filled.finish(last!.deferral!))).toBe('BAD_SESSION');
  });
});

describe('every line', () => {
  test('that cannot be carried out gets its error in its place', () => {
    const { filled, token } = family();
    const messi = token('messi');
    const lines: readonly (readonly [string, string | undefined])[] = [
      ['', 'BAD_COMMAND'],
      ['bogus', 'BAD_COMMAND'],
      ['ping', undefined],
      [`send ${messi} lineker`, 'BAD_COMMAND'],
      ['inbox 1234', 'BAD_SESSION'],
      ['inbox 0f8fad5b-d9cb-469f-a165-70867728950e', 'BAD_SESSION'],
      ['pi\0ng', 'BAD_REQUEST'],
      ['x'.repeat(8_193), 'LINE_TOO_LONG'],
      [`whoami ${messi}\r`, undefined],
      [`whoami ${messi.toUpperCase()}`, undefined],
    ];
    const [outcome] = filled.run(lines.map(([line]) => `${line}\n`).join(''));
    expect(outcome!.replies.map(errorOf)).toEqual(lines.map(([, code]) => code));
    expect(outcome!.unconsumed).toBe('');
  });

  test('of many segments is answered in its own segment, in order', () => {
    const { filled, token } = family();
    const messi = token('messi');
    const segments = Array.from({ length: 1_024 }, (_, index) =>
      index % 3 === 0 ? `send ${messi} lineker m${index}\nbogus\n` : 'bogus\nping\nbogus\n',
    );
    const outcomes = filled.run(...segments);
    outcomes.forEach(({ replies, unconsumed, user }, index) => {
      expect(unconsumed).toBe('');
      expect(user).toBe(index % 3 === 0 ? 1 : 0);
      const expected =
        index % 3 === 0 ? [undefined, 'BAD_COMMAND'] : ['BAD_COMMAND', undefined, 'BAD_COMMAND'];
      expect(replies.map(errorOf)).toEqual(expected);
    });
    const { messages } = JSON.parse(filled.ask(`inbox ${token('lineker')}`)) as {
      messages: { messi: { msg: string }[] };
    };
    const order = messages.messi.map(({ msg }) => Number(msg.slice(1)));
    expect(order).toEqual(Array.from({ length: 342 }, (_, index) => index * 3));
  });
});

describe('the use of a session', () => {
  test('is noted for a segment in which one line had a valid one, and for no other', () => {
    const { filled, token } = family();
    const messi = token('messi');
    const outcomes = filled.run(
      'ping\n',
      `ping\nwhoami ${messi}\nbogus\n`,
      'whoami 1234\n',
      `logout ${messi}\n`,
    );
    expect(outcomes.map(({ user }) => user)).toEqual([0, 1, 0, 1]);
  });

  test('is looked at anew after sixteen lines in a row, and in every segment', () => {
    const { filled, token } = family();
    const messi = token('messi');
    const look = jest.spyOn(filled.store, 'useSession');
    filled.run(`whoami ${messi}\n`.repeat(33), `whoami ${messi}\n`.repeat(2));
    expect(look).toHaveBeenCalledTimes(3 + 1);
  });

  test('ends with it for the lines behind, of its own connection and of others', () => {
    const { filled, token } = family();
    const [messi, lineker] = [token('messi'), token('lineker')];
    const names = (replies: readonly string[]): unknown[] =>
      replies.map((reply) => (JSON.parse(reply) as { username?: string }).username ?? errorOf(reply));
    const outcomes = filled.run(
      `whoami ${messi}\nwhoami ${lineker}\nwhoami ${messi}\nwhoami ${messi}\n`,
      `whoami ${messi}\nlogout ${messi}\nwhoami ${messi}\nwhoami ${lineker}\nwhoami ${messi}\n`,
      `whoami ${lineker}\nwhoami ${messi}\nwhoami ${lineker}\n`,
    );
    expect(
      outcomes.map(({ replies }) => names(replies.filter((reply) => !reply.includes('Logged Out')))),
    ).toEqual([
      ['messi', 'lineker', 'messi', 'messi'],
      ['messi', 'BAD_SESSION', 'lineker', 'BAD_SESSION'],
      ['lineker', 'BAD_SESSION', 'lineker'],
    ]);
  });

  test('is over for the lines behind one that has found it ended elsewhere', () => {
    const { filled, token } = family();
    const { store } = filled;
    const [messi, lineker] = [token('messi'), token('lineker')];
    const closeSession = store.closeSession.bind(store);
    store.closeSession = (words) => {
      // Another thread is first.
      closeSession(words);
      return closeSession(words);
    };
    const join = store.rooms.join.bind(store.rooms);
    store.rooms.join = (user, room, atMs) => {
      store.removeUser(nameOf('lineker'));
      return join(user, room, atMs);
    };
    const outcomes = filled.run(
      `whoami ${messi}\nlogout ${messi}\nwhoami ${messi}\n`,
      `whoami ${lineker}\njoin ${lineker} #tim\nwhoami ${lineker}\n`,
    );
    for (const { replies } of outcomes)
      expect(replies.map(errorOf)).toEqual([undefined, 'BAD_SESSION', 'BAD_SESSION']);
  });
});

test('replies wait for the disk where something was changed, but for the reading of an inbox', () => {
  const filled = new FilledSlot({ ringWords: 65_536 });
  filled.createUser('messi', 'Lionel Messi', password);
  const messi = filled.logIn('messi', password);
  const outcomes = filled.run(
    `ping\nwhoami ${messi}\n`,
    `send ${messi} messi halo\n`,
    `send ${messi} nobody halo\n`,
    `inbox ${messi}\n`,
    `ping\nlogout ${messi}\nping\n`,
  );
  expect(outcomes.map(({ awaitsDisk }) => awaitsDisk)).toEqual([false, true, false, false, true]);
  expect(filled.slot.position(1)).toBeGreaterThan(0);
  expect(filled.slot.position(4)).toBeGreaterThan(filled.slot.position(1));
});
