/** Goal: the audit finds what is wrong in every table, and names the table. */
import { RecordWriter } from '../support/record-writer';
import { TemporaryFolder } from '../support/temporary-folder';
import { Environment } from '../../workers/tables/environment';
import {
  memberKey,
  mixedKey,
  postedKeysKey,
  readUint53,
  roomOfUserKey,
  roomUnreadKey,
  signatureKey,
  unreadKey,
  userKey,
} from '../../workers/tables/keys';
import { readPartitionRow, writeNumberRow, writePartitionRow } from '../../workers/tables/rows';
import { openTableSet, type TableSet } from '../../workers/tables/table-set';
import { Tables } from '../../workers/tables/tables';

const nowMs = 1_750_000_000_000;

let folder: TemporaryFolder;

beforeEach(async () => {
  folder = new TemporaryFolder();
  const writer = new RecordWriter();
  for (let user = 1; user <= 3; user += 1) writer.userCreated(user, nowMs, `user${user}`, 'User', 'hash');
  writer.sessionOpened(Int32Array.of(1, 2, 3, 4), 1, 100);
  for (let sequence = 1; sequence <= 20; sequence += 1) writer.message(2, 1, sequence, nowMs, 'halo');
  writer.read(2, 3);
  writer.roomCreated(5, 1, 21, nowMs, 'pasar').roomJoined(5, 2, 22, nowMs);
  writer.message(-5, 1, 23, nowMs, 'salam', 'key').message(-5, 2, 24, nowMs, 'juga');
  const tables = await Tables.open(folder.file('tables'));
  const words = writer.taken();
  tables.apply(words, words.length, nowMs);
  expect(tables.check()).toEqual([]);
  await tables.close();
});
afterEach(() => {
  folder.remove();
});

async function findingsAfter(spoil: (set: TableSet) => void): Promise<string[]> {
  const environment = Environment.open(folder.file('tables'), false);
  const set = openTableSet(environment);
  environment.write(() => {
    spoil(set);
  });
  await environment.close();
  const tables = await Tables.open(folder.file('tables'), { readOnly: true });
  const findings = tables.check().map(({ table, message }) => `${table}: ${message}`);
  await tables.close();
  return findings;
}

function first(table: TableSet['users']): { key: Buffer; value: Buffer } {
  for (const entry of table.entries()) return entry;
  throw new Error(`the table ${table.name} is empty`);
}

/** Moves the first row of a table to another key. */
function move(table: TableSet['users'], key: Buffer): void {
  const entry = first(table);
  table.remove(entry.key);
  table.put(key, entry.value);
}

const names = [
  ...(['users', 'inboxes', 'sessions', 'unread', 'partitions', 'history', 'signatures'] as const),
  ...(['rooms', 'members', 'roomUnread', 'postedKeys'] as const),
];
/** Of these, rows may be missing: what is old or read is forgotten, of history the signatures first. */
const forgotten = ['signatures', 'roomUnread', 'postedKeys'];
const tableNames: Record<string, string> = { roomUnread: 'room-unread', postedKeys: 'keys' };

test.each(names)('a row of %s that is none', async (name) => {
  const findings = await findingsAfter((set) => {
    set[name].put(first(set[name]).key, Buffer.from('damaged'));
  });
  expect(findings.join('\n')).toContain(`${tableNames[name] ?? name}: `);
});

const namesOfRows = [...names, 'names', 'sessionsOfUsers', 'roomsOfUsers'] as const;

test.each(namesOfRows)('a row of %s that is missing', async (name) => {
  const findings = await findingsAfter((set) => {
    set[name].remove(first(set[name]).key);
  });
  if (forgotten.includes(name)) expect(findings).toEqual([]);
  else expect(findings).not.toEqual([]);
});

test.each<[string, (set: TableSet) => void, string]>([
  [
    'a session of nobody',
    (set) => {
      set.sessions.put(Buffer.alloc(16, 9), Buffer.alloc(12, 9));
    },
    'sessions: has a session of user',
  ],
  [
    'a name of nobody',
    (set) => {
      set.names.put(Buffer.from('nobody'), Buffer.alloc(8));
    },
    'names: has 4 names of 3 live users',
  ],
  [
    'unread of another',
    (set) => {
      move(set.unread, unreadKey(3, 20));
    },
    'unread: of user 2 ends at 3, not at 20',
  ],
  [
    'unread of nobody',
    (set) => {
      move(set.unread, unreadKey(9, 20));
    },
    'unread: is of no live user',
  ],
  [
    'unread under another sequence',
    (set) => {
      move(set.unread, unreadKey(2, 21));
    },
    'unread: is no chunk of unread messages',
  ],
  ...(
    [
      ['unread', 'halo', 'ha"o'],
      ['history', 'juga', 'jug\x8f'],
      ['roomUnread', 'juga', 'jug\\'],
      ['users', 'User', 'Use\n'],
    ] as const
  ).map(([name, text, spoilt]): [string, (set: TableSet) => void, string] => [
    `a text of ${name} with a byte that none has`,
    (set) => {
      const { key, value } = first(set[name]);
      value.write(spoilt, value.lastIndexOf(text), 'latin1');
      set[name].put(key, value);
    },
    `${tableNames[name] ?? name}: has a text that nobody can have sent`,
  ]),
  [
    'an inbox ahead of all messages',
    (set) => {
      set.meta.put(Buffer.from('sequence'), writeNumberRow(19));
    },
    'inboxes: that of user 2 is ahead of sequence 19',
  ],
  [
    'two rooms of one name',
    (set) => {
      set.rooms.put(userKey(4), first(set.rooms).value);
    },
    'rooms: has the name of another room',
  ],
  [
    'a room whose number was never given',
    (set) => {
      move(set.rooms, userKey(6));
    },
    'rooms: has a number that was never given',
  ],
  [
    'an owner who is not a member',
    (set) => {
      set.members.remove(memberKey(5, 1));
      set.roomsOfUsers.remove(roomOfUserKey(1, 5));
    },
    'rooms: room 5 has an owner, user 1, who is not in it',
  ],
  [
    'a member who is nobody',
    (set) => {
      set.members.put(memberKey(5, 9), first(set.members).value);
    },
    'members: is no live user',
  ],
  [
    'a member of nothing',
    (set) => {
      set.members.put(memberKey(6, 3), first(set.members).value);
    },
    'members: is in no room that there is',
  ],
  [
    'a membership that a user has and its room has not',
    (set) => {
      set.roomsOfUsers.put(roomOfUserKey(3, 5), Buffer.alloc(0));
    },
    'rooms-of-users: has a membership that there is not',
  ],
  [
    'messages of no room',
    (set) => {
      move(set.roomUnread, roomUnreadKey(6, 24, 2));
    },
    'room-unread: is of no room that there is',
  ],
  [
    'messages of a room, miscounted',
    (set) => {
      move(set.roomUnread, roomUnreadKey(5, 24, 3));
    },
    'room-unread: is no chunk of messages of a room',
  ],
  [
    'messages of a room, twice',
    (set) => {
      const { value } = first(set.roomUnread);
      const later = Buffer.from(value);
      // The last of both goes by another sequence: the word that says how far it is from the first.
      later.writeInt32LE(later.readInt32LE(4) + 1, 4);
      set.roomUnread.put(roomUnreadKey(5, 25, 2), later);
    },
    'room-unread: has message 24 after message 24',
  ],
  [
    'keys that are miscounted',
    (set) => {
      move(set.postedKeys, postedKeysKey(23, 2));
    },
    'keys: is no chunk of idempotency keys',
  ],
  [
    'a key of nobody',
    (set) => {
      const { key, value } = first(set.postedKeys);
      const other = Buffer.from(value);
      other.writeInt32LE(9, 4);
      set.postedKeys.put(key, other);
    },
    'keys: speaks of user 9, who was never created',
  ],
  [
    'history of another conversation',
    (set) => {
      const { key } = first(set.history);
      move(set.history, Buffer.concat([key.subarray(0, 8), userKey(3), key.subarray(12)]));
    },
    'history: has messages of another conversation',
  ],
  [
    'history of no partition',
    (set) => {
      move(set.history, Buffer.concat([userKey(77), first(set.history).key.subarray(4)]));
    },
    'history: is of no partition',
  ],
  [
    'history from the future',
    (set) => {
      set.meta.put(Buffer.from('sequence'), Buffer.alloc(8));
    },
    'history: is ahead of sequence 0',
  ],
  [
    'history of another partition',
    (set) => {
      const { key, value } = first(set.partitions);
      const { firstSequence, ...row } = readPartitionRow(value)!;
      set.partitions.put(key, writePartitionRow({ ...row, firstSequence: firstSequence + 1 }));
    },
    'history: has messages of another partition',
  ],
  [
    'a signature of a chunk that is gone',
    (set) => {
      set.history.remove(first(set.history).key);
    },
    'signatures: speaks of a chunk that there is not',
  ],
  [
    'a chunk without a signature',
    (set) => {
      const { key, value } = first(set.history);
      set.historyMixed.put(mixedKey(1, 0, readUint53(key, 12)), value);
    },
    'history-mixed: has no signature',
  ],
  [
    'a signature that denies what there is',
    (set) => {
      const { key, value } = first(set.signatures);
      set.signatures.put(key, Buffer.concat([value.subarray(0, 24), Buffer.alloc(value.length - 24)]));
    },
    'signatures: denies what a chunk holds',
  ],
  [
    'a signature that ends early',
    (set) => {
      const { key, value } = first(set.signatures);
      value.writeInt32LE(1_000, 20);
      set.signatures.put(key, value);
    },
    'signatures: says that a chunk ends elsewhere',
  ],
  [
    'signatures out of order',
    (set) => {
      const { value } = first(set.signatures);
      set.signatures.put(signatureKey(1, 2), value);
      set.signatures.put(signatureKey(1, 3, 1), value);
    },
    'signatures: begins before the group before it ends',
  ],
  [
    'signatures of no partition',
    (set) => {
      move(set.signatures, signatureKey(77, 1));
    },
    'signatures: is of no partition',
  ],
])('%s', async (_, spoil, expected) => {
  expect((await findingsAfter(spoil)).join('\n')).toContain(expected);
});

test('a chunk that conversations share, in a bucket that is not theirs', async () => {
  const findings = await findingsAfter((set) => {
    const { key, value } = first(set.history);
    set.historyMixed.put(mixedKey(1, 0, readUint53(key, 12)), value);
    set.historyMixed.put(mixedKey(1, 1, 0), Buffer.from('damaged'));
  });
  expect(findings.join('\n')).toContain('history-mixed: has messages of another conversation');
  expect(findings.join('\n')).toContain('history-mixed: is no chunk of history');
});

test('findings hold no token', async () => {
  const environment = Environment.open(folder.file('tables'), false);
  const set = openTableSet(environment);
  const token = first(set.sessions).key.toString('hex');
  environment.write(() => {
    set.sessions.put(first(set.sessions).key, Buffer.from('damaged'));
    set.users.remove(userKey(1));
  });
  await environment.close();
  const tables = await Tables.open(folder.file('tables'));
  const findings = JSON.stringify(tables.check());
  await tables.close();
  expect(findings).toContain('sessions');
  expect(findings).not.toContain(token);
});
