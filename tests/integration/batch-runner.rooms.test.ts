/** Goal: rooms as PROTOCOL.md says, request by request, to the byte. */
import { FilledSlot } from '../support/filled-slot';

const password = 'surabaya';
const people = { messi: 'Lionel Messi', lineker: 'Gary Lineker', henderson: 'Jordan Henderson' } as const;
type Person = keyof typeof people;

interface Stage {
  readonly filled: FilledSlot;
  /** Asks as somebody: the token comes after the command. */
  readonly ask: (person: Person, request: string) => string;
}

function stage(changes: ConstructorParameters<typeof FilledSlot>[0] = {}): Stage {
  const filled = new FilledSlot({ roomsMax: 40, membersMax: 100, ...changes });
  for (const [name, displayName] of Object.entries(people)) filled.createUser(name, displayName, password);
  const tokens = new Map(Object.keys(people).map((name) => [name, filled.logIn(name, password)]));
  const ask = (person: Person, request: string): string => {
    const [command, ...rest] = request.split(' ');
    return filled.ask([command, tokens.get(person)!, ...rest].join(' '));
  };
  return { filled, ask };
}

/** All three are in #tim, which messi owns. */
function inOneRoom(): Stage {
  const { filled, ask } = stage();
  for (const person of ['messi', 'lineker', 'henderson'] as const) ask(person, 'join #tim');
  return { filled, ask };
}

function ok(members: string): string {
  return `{"status": "OK", ${members}}`;
}

function codeOf(reply: string): string | undefined {
  return (JSON.parse(reply) as { code?: string }).code;
}

function member(name: Person, owner: boolean): string {
  return `{"user": "${name}", "name": "${people[name]}", "owner": ${owner}}`;
}

interface Fetched {
  readonly messages: readonly { id: string; from: string; to: string; msg_to: string; msg: string }[];
  readonly more: boolean;
}

function fetched(reply: string): Fetched {
  return JSON.parse(reply) as Fetched;
}

function message(from: Person, to: string, text: string): string {
  return `{"msg_from": "${people[from]}", "msg_to": "${to}", "msg": "${text}"}`;
}

test('join, again or in capitals, leave, remove', () => {
  const { ask } = stage();
  expect(ask('messi', 'join #Tim')).toBe(ok('"message": "Joined"'));
  expect(ask('messi', 'join #tim')).toBe(ok('"message": "Joined"'));
  expect(ask('lineker', 'join #TIM')).toBe(ok('"message": "Joined"'));
  expect(ask('messi', 'rooms')).toBe(ok('"rooms": [{"room": "#tim", "members": 2, "owner": "messi"}]'));
  expect(ask('messi', 'remove #tim lineker')).toBe(ok('"message": "Removed"'));
  expect(ask('lineker', 'rooms')).toBe(ok('"rooms": []'));
  expect(ask('messi', 'leave #tim')).toBe(ok('"message": "Left"'));
  expect(codeOf(ask('messi', 'leave #tim'))).toBe('NO_SUCH_ROOM');
});

test('rooms are listed in order of joining', () => {
  const { ask } = stage();
  for (const room of ['#satu', '#dua', '#tiga']) ask('messi', `join ${room}`);
  ask('lineker', 'join #tiga');
  ask('lineker', 'join #satu');
  const room = (name: string): string => `{"room": "${name}", "members": 2, "owner": "messi"}`;
  expect(ask('lineker', 'rooms')).toBe(ok(`"rooms": [${room('#tiga')}, ${room('#satu')}]`));
});

test('members are listed for members, in order of joining, also from behind one on', () => {
  const { ask } = inOneRoom();
  const all = [member('messi', true), member('lineker', false), member('henderson', false)];
  expect(ask('henderson', 'members #tim')).toBe(ok(`"members": [${all.join(', ')}], "more": false`));
  expect(ask('henderson', 'members #tim messi')).toBe(
    ok(`"members": [${all.slice(1).join(', ')}], "more": false`),
  );
  expect(ask('henderson', 'members #tim henderson')).toBe(ok('"members": [], "more": false'));
  expect(codeOf(ask('henderson', 'members #tim nobody'))).toBe('NOT_A_MEMBER');
  expect(codeOf(ask('henderson', 'members #tim n!'))).toBe('NOT_A_MEMBER');
  ask('henderson', 'leave #tim');
  expect(codeOf(ask('henderson', 'members #tim'))).toBe('NOT_A_MEMBER');
  expect(codeOf(ask('henderson', 'members #nowhere'))).toBe('NO_SUCH_ROOM');
});

test('an owner who leaves is followed by the member of longest standing', () => {
  const { ask } = inOneRoom();
  ask('messi', 'leave #tim');
  const left = [member('lineker', true), member('henderson', false)];
  expect(ask('lineker', 'members #tim')).toBe(ok(`"members": [${left.join(', ')}], "more": false`));
  expect(ask('lineker', 'remove #tim henderson')).toBe(ok('"message": "Removed"'));
});

test('a message to a room reaches all members but its sender, in one order with all others', () => {
  const { ask } = inOneRoom();
  expect(ask('messi', 'send #tim halo semua')).toBe(ok('"message": "Message Sent"'));
  ask('lineker', 'send messi halo kamu');
  ask('lineker', 'send #TIM balas');
  ask('henderson', 'send messi terakhir');
  const lineker = [message('lineker', people.messi, 'halo kamu'), message('lineker', '#tim', 'balas')];
  expect(ask('messi', 'inbox')).toBe(
    ok(
      `"messages": {"lineker": [${lineker.join(', ')}], ` +
        `"henderson": [${message('henderson', people.messi, 'terakhir')}]}`,
    ),
  );
  expect(ask('henderson', 'inbox')).toBe(
    ok(
      `"messages": {"messi": [${message('messi', '#tim', 'halo semua')}], ` +
        `"lineker": [${message('lineker', '#tim', 'balas')}]}`,
    ),
  );
  for (const person of ['messi', 'henderson'] as const)
    expect(ask(person, 'inbox')).toBe(ok('"messages": {}'));
});

test('one sender’s messages, to the user and to rooms by turns, each say where they went', () => {
  const { ask } = inOneRoom();
  for (const person of ['messi', 'lineker'] as const) ask(person, 'join #dua');
  const sent = ['messi', 'messi', '#tim', '#tim', '#dua', 'messi', '#dua', '#dua'];
  for (const [number, to] of sent.entries()) ask('lineker', `send ${to} pesan ${number}`);
  const messages = sent.map((to, number) =>
    message('lineker', to === 'messi' ? people.messi : to, `pesan ${number}`),
  );
  expect(ask('messi', 'inbox')).toBe(ok(`"messages": {"lineker": [${messages.join(', ')}]}`));
});

test('a message that is too long for a user is too long for a room', () => {
  const { ask } = inOneRoom();
  expect(codeOf(ask('messi', `send #tim ${'a'.repeat(4_097)}`))).toBe('MESSAGE_TOO_LONG');
  expect(ask('lineker', 'inbox')).toBe(ok('"messages": {}'));
});

test('who joins later, or leaves and comes back, has only what is sent from then on', () => {
  const { ask } = stage();
  ask('messi', 'join #tim');
  ask('lineker', 'join #tim');
  ask('messi', 'send #tim sebelum');
  ask('henderson', 'join #tim');
  ask('lineker', 'leave #tim');
  ask('lineker', 'join #tim');
  ask('messi', 'send #tim sesudah');
  const expected = ok(`"messages": {"messi": [${message('messi', '#tim', 'sesudah')}]}`);
  expect(ask('henderson', 'inbox')).toBe(expected);
  expect(ask('lineker', 'inbox')).toBe(expected);
});

test('a name that was left is free for another room, without what was said in the old one', () => {
  const { ask } = stage();
  ask('messi', 'join #tim');
  ask('messi', 'send #tim lama');
  ask('messi', 'leave #tim');
  ask('lineker', 'join #tim');
  ask('messi', 'join #tim');
  expect(ask('lineker', 'rooms')).toBe(ok('"rooms": [{"room": "#tim", "members": 2, "owner": "lineker"}]'));
  expect(ask('messi', 'inbox')).toBe(ok('"messages": {}'));
  expect(ask('lineker', 'inbox')).toBe(ok('"messages": {}'));
});

test('a room that is full lets go of its oldest message', () => {
  const { ask } = stage({ inboxMessagesMax: 2 });
  ask('messi', 'join #tim');
  ask('lineker', 'join #tim');
  for (const text of ['satu', 'dua', 'tiga'])
    expect(ask('messi', `send #tim ${text}`)).toBe(ok('"message": "Message Sent"'));
  const messages = [message('messi', '#tim', 'dua'), message('messi', '#tim', 'tiga')];
  expect(ask('lineker', 'inbox')).toBe(ok(`"messages": {"messi": [${messages.join(', ')}]}`));
});

test.each([
  ['join tim', 'BAD_ROOM'],
  ['join #', 'BAD_ROOM'],
  ['join #ti/m', 'BAD_ROOM'],
  ['join #this-name-has-thirty-three-letter', 'BAD_ROOM'],
  ['join', 'BAD_COMMAND'],
  ['leave #nowhere', 'NO_SUCH_ROOM'],
  ['leave nowhere', 'NO_SUCH_ROOM'],
  ['leave #lain', 'NOT_A_MEMBER'],
  ['send #nowhere halo', 'NO_SUCH_ROOM'],
  ['send #no/where halo', 'NO_SUCH_ROOM'],
  ['send # halo', 'NO_SUCH_ROOM'],
  ['send #lain halo', 'NOT_A_MEMBER'],
  ['send #tim', 'BAD_COMMAND'],
  ['remove #tim', 'BAD_COMMAND'],
  ['remove #tim lineker', 'FORBIDDEN'],
  ['remove #lain lineker', 'FORBIDDEN'],
  ['remove #nowhere lineker', 'NO_SUCH_ROOM'],
  ['remove #milikku nobody', 'RECIPIENT_NOT_FOUND'],
  ['remove #milikku n!', 'RECIPIENT_NOT_FOUND'],
  ['remove #milikku lineker', 'NOT_A_MEMBER'],
])('%s: %s, and nothing is changed', (request, code) => {
  const { ask } = inOneRoom();
  ask('lineker', 'join #lain');
  ask('henderson', 'join #milikku');
  const before = ask('henderson', 'rooms');
  expect(codeOf(ask('henderson', request))).toBe(code);
  expect(ask('henderson', 'rooms')).toBe(before);
  expect(ask('messi', 'inbox')).toBe(ok('"messages": {}'));
});

test('a room has 10,000 members at most, and a place that was left can be taken', () => {
  const { filled, ask } = stage({ usersMax: 10_010, membersMax: 10_010 });
  ask('messi', 'join #besar');
  filled.addMembers('#besar', 9_998, 'Anggota');
  expect(ask('lineker', 'join #besar')).toBe(ok('"message": "Joined"'));
  const full = '"message": "Room penuh", "code": "ROOM_FULL"';
  expect(ask('henderson', 'join #besar')).toBe(`{"status": "ERROR", ${full}}`);
  expect(ask('messi', 'rooms')).toContain('"members": 10000');
  expect(ask('lineker', 'join #besar')).toBe(ok('"message": "Joined"'));
  ask('messi', 'remove #besar member-1');
  expect(ask('henderson', 'join #besar')).toBe(ok('"message": "Joined"'));
  expect(filled.auditFindings()).toEqual([]);
});

test('a user is in 32 rooms at most, a store has a bound, and a place that was left can be taken', () => {
  const { ask } = stage({ roomsMax: 34 });
  for (let room = 0; room < 32; room += 1)
    expect(ask('messi', `join #room-${room}`)).toBe(ok('"message": "Joined"'));
  expect(codeOf(ask('messi', 'join #one-more'))).toBe('TOO_MANY_ROOMS');
  expect((JSON.parse(ask('messi', 'rooms')) as { rooms: unknown[] }).rooms).toHaveLength(32);
  for (const room of ['#a', '#b']) ask('lineker', `join ${room}`);
  expect(codeOf(ask('lineker', 'join #c'))).toBe('STORE_FULL');
  ask('messi', 'leave #room-7');
  expect(ask('lineker', 'join #c')).toBe(ok('"message": "Joined"'));
  // With messages in all its rooms, all of them are read in one step.
  for (let room = 0; room < 32; room += 1) {
    if (room === 7) continue;
    expect(ask('henderson', `join #room-${room}`)).toBe(ok('"message": "Joined"'));
    ask('henderson', `send #room-${room} halo ${room}`);
    ask('henderson', 'send messi langsung');
  }
  expect(ask('messi', 'inbox').match(/"msg"/g)).toHaveLength(62);
  expect(ask('messi', 'inbox')).toBe(ok('"messages": {}'));
});

test('a list of members that is longer than a reply says so and goes on behind its last', () => {
  const { filled, ask } = stage({ usersMax: 2_000, membersMax: 2_000, blocksMax: 60_000 });
  const total = 1_500;
  // Display names of 768 bytes once they are escaped.
  filled.addMembers('#tim', total, '\\ud83d\\ude00'.repeat(64));
  ask('messi', 'join #tim');
  const seen: string[] = [];
  for (let replies = 1; ; replies += 1) {
    const after = seen.length === 0 ? '' : ` ${seen.at(-1)!}`;
    const reply = ask('messi', `members #tim${after}`);
    expect(reply.length).toBeLessThanOrEqual(1_048_576 - 4);
    const { members, more } = JSON.parse(reply) as { members: { user: string }[]; more: boolean };
    seen.push(...members.map(({ user }) => user));
    expect(replies).toBeLessThan(4);
    if (!more) break;
  }
  expect(seen).toHaveLength(total + 1);
  expect(new Set(seen).size).toBe(total + 1);
  expect(seen.at(-1)).toBe('messi');
});

describe('fetch and ack', () => {
  /** Messi has, in this order: one of #tim, one to himself alone, one of #gol, one of #tim. */
  function withUnread(): Stage {
    const { filled, ask } = inOneRoom();
    ask('messi', 'join #gol');
    ask('lineker', 'join #gol');
    ask('henderson', 'send #tim satu');
    ask('lineker', 'send messi dua');
    ask('messi', 'send #tim milikku');
    ask('lineker', 'send #gol tiga');
    ask('lineker', 'send #tim empat');
    return { filled, ask };
  }

  test('show messages of rooms among all others, with ids that name the room', () => {
    const { ask } = withUnread();
    const { messages, more } = fetched(ask('messi', 'fetch'));
    expect(messages.map(({ to, msg_to, msg }) => `${to}, ${msg_to}: ${msg}`)).toEqual([
      '#tim, #tim: satu',
      'messi, Lionel Messi: dua',
      '#gol, #gol: tiga',
      '#tim, #tim: empat',
    ]);
    expect(messages.map(({ id }) => id.replace(/^[^-]*-/, ''))).toEqual(['R1', '1', 'R2', 'R1']);
    expect(more).toBe(false);
    expect(fetched(ask('messi', 'fetch 3'))).toEqual({
      status: 'OK',
      messages: messages.slice(0, 3),
      more: true,
    });
    expect(fetched(ask('messi', 'fetch 4'))).toMatchObject({ more: false });
  });

  test('an ack marks read up to its message, in the inbox and in all rooms', () => {
    const { ask } = withUnread();
    const { messages } = fetched(ask('messi', 'fetch'));
    for (const [index, { id }] of messages.entries()) {
      expect(ask('messi', `ack ${id}`)).toBe(ok('"message": "Acknowledged"'));
      expect(fetched(ask('messi', 'fetch')).messages).toEqual(messages.slice(index + 1));
      // Again, also for one that is read already.
      expect(ask('messi', `ack ${messages[0]!.id}`)).toBe(ok('"message": "Acknowledged"'));
      expect(fetched(ask('messi', 'fetch')).messages).toEqual(messages.slice(index + 1));
    }
    expect(fetched(ask('henderson', 'fetch')).messages.map(({ msg }) => msg)).toEqual(['milikku', 'empat']);
  });

  test('an ack of what can be no message of one’s own is refused and changes nothing', () => {
    const { ask } = withUnread();
    const { messages } = fetched(ask('messi', 'fetch'));
    const [sequence] = messages.at(-1)!.id.split('-');
    const newer = (Number.parseInt(sequence!, 36) + 1).toString(36);
    ask('henderson', 'join #lain');
    for (const id of [`${sequence!}-R3`, `${sequence!}-R9`, `${newer}-R1`, `${sequence!}-2`, `1-R1`])
      expect(codeOf(ask('messi', `ack ${id}`))).toBe('NO_SUCH_MESSAGE');
    expect(fetched(ask('messi', 'fetch')).messages).toEqual(messages);
    ask('messi', 'leave #tim');
    expect(codeOf(ask('messi', `ack ${messages[0]!.id}`))).toBe('NO_SUCH_MESSAGE');
    expect(fetched(ask('messi', 'fetch')).messages.map(({ msg }) => msg)).toEqual(['dua', 'tiga']);
  });
});
