/** What the tables promise, as plain JavaScript: the same records, applied one by one. */
import type { JournalRecord } from '../../shared/journal/record';
import { conversationOf } from '../../workers/tables/keys';
import type { Tables } from '../../workers/tables/tables';
import { type ModelMember, type ModelRoom, type ModelUnread, RoomModel } from './room-model';

export interface ModelTableUser {
  readonly user: number;
  readonly username: string;
  readonly displayName: string;
  passwordHash: string;
  readonly createdAtMs: number;
  removed: boolean;
  lastSequence: number;
  readThrough: number;
}

interface ModelPostedKey {
  readonly sender: number;
  readonly key: string;
  readonly receiver: number;
  readonly sequence: number;
  readonly atMs: number;
}

export interface ModelHistory {
  readonly sequence: number;
  readonly sender: number;
  readonly receiver: number;
  readonly atMs: number;
  readonly text: string;
}

/** Everything that can be read from tables, as plain values. */
export interface TableContents {
  readonly users: readonly ModelTableUser[];
  /** Token in hexadecimal, user and time of opening, by token. */
  readonly sessions: readonly (readonly [string, number, number])[];
  readonly unread: readonly ModelUnread[];
  readonly rooms: readonly ModelRoom[];
  readonly members: readonly ModelMember[];
  readonly newestRoom: number;
  readonly roomMessages: readonly ModelUnread[];
  readonly postedKeys: readonly ModelPostedKey[];
  readonly sequence: number;
  readonly history: readonly ModelHistory[];
}

export class TableModel {
  readonly users = new Map<number, ModelTableUser>();
  readonly sessions = new Map<string, { readonly user: number; readonly openedAtSeconds: number }>();
  readonly unread = new Map<number, ModelUnread[]>();
  readonly rooms = new RoomModel((user) => this.users.get(user)!.readThrough);
  readonly postedKeys: ModelPostedKey[] = [];
  history: ModelHistory[] = [];
  sequence = 0;

  apply(record: JournalRecord): void {
    if (record.kind !== 'read' && 'sequence' in record) this.sequence = record.sequence;
    switch (record.kind) {
      case 'message':
        this.deliver(record);
        return;
      case 'read':
        this.read(record.user, record.sequence);
        return;
      case 'userCreated': {
        const { user, username, displayName, passwordHash, atMs } = record;
        const account = { user, username, displayName, passwordHash, createdAtMs: atMs };
        this.users.set(user, { ...account, removed: false, lastSequence: 0, readThrough: 0 });
        return;
      }
      case 'passwordChanged':
        this.users.get(record.user)!.passwordHash = record.passwordHash;
        this.endSessions(record.user, tokenText(record.keptToken));
        return;
      case 'passwordRenewed':
        this.users.get(record.user)!.passwordHash = record.passwordHash;
        return;
      case 'sessionOpened':
        this.sessions.set(tokenText(record.token), { user: record.user, openedAtSeconds: record.atSeconds });
        return;
      case 'sessionClosed':
        this.sessions.delete(tokenText(record.token));
        return;
      case 'userRemoved':
        this.removeUser(record.user);
        return;
      case 'roomCreated':
      case 'roomJoined':
      case 'roomLeft':
        this.rooms.apply(record);
    }
  }

  contents(): TableContents {
    return {
      users: [...this.users.values()].map((user) => ({ ...user })).sort((a, b) => a.user - b.user),
      sessions: [...this.sessions]
        .map(([token, { user, openedAtSeconds }]) => [token, user, openedAtSeconds] as const)
        .sort(([a], [b]) => (a < b ? -1 : 1)),
      unread: [...this.unread].sort(([a], [b]) => a - b).flatMap(([, messages]) => messages),
      rooms: this.rooms.rooms(),
      members: this.rooms.members(),
      newestRoom: this.rooms.newestRoom,
      roomMessages: this.rooms.messages(),
      postedKeys: [...this.postedKeys].reverse(),
      sequence: this.sequence,
      history: [...this.history],
    };
  }

  private deliver(record: JournalRecord & { kind: 'message' }): void {
    const { receiver, sender, sequence, atMs, key } = record;
    const text = textOf(record.text);
    this.history.push({ sequence, sender, receiver, atMs, text });
    if (key !== '') this.postedKeys.push({ sender, key, receiver, sequence, atMs });
    const message = { receiver, sender, sequence, atMs, text };
    if (receiver < 0) {
      this.rooms.deliver(message);
      return;
    }
    const user = this.users.get(receiver)!;
    if (user.removed) return;
    user.lastSequence = sequence;
    this.unread.set(receiver, [...(this.unread.get(receiver) ?? []), message]);
  }

  private read(user: number, sequence: number): void {
    const account = this.users.get(user)!;
    if (account.removed) return;
    account.readThrough = Math.max(account.readThrough, sequence);
    const left = (this.unread.get(user) ?? []).filter((message) => message.sequence > account.readThrough);
    if (left.length === 0) this.unread.delete(user);
    else this.unread.set(user, left);
  }

  private removeUser(user: number): void {
    this.endSessions(user, '');
    this.unread.delete(user);
    this.rooms.removeUser(user);
    const nothing = { removed: true, passwordHash: '', lastSequence: 0, readThrough: 0 };
    Object.assign(this.users.get(user)!, nothing);
  }

  private endSessions(user: number, keptToken: string): void {
    for (const [token, session] of this.sessions)
      if (session.user === user && token !== keptToken) this.sessions.delete(token);
  }
}

/** Reads everything out of tables; history page by page, of all pairs of users and of all rooms. */
export function contentsOf(tables: Tables, pageSize: number): TableContents {
  const users = [...tables.users()];
  const history: ModelHistory[] = [];
  for (const { user } of users)
    for (const { user: peer } of users)
      if (user <= peer) history.push(...wholeHistory(tables, user, peer, pageSize));
  for (let room = 1; room <= tables.newestRoom; room += 1)
    history.push(...wholeHistory(tables, 0, room, pageSize));
  return {
    users,
    sessions: [...tables.sessions()].map(({ token, user, openedAtSeconds }) => {
      return [tokenText(token), user, openedAtSeconds] as const;
    }),
    unread: [...tables.unread()].map((message) => ({ ...message, text: textOf(message.text) })),
    rooms: [...tables.rooms()],
    members: [...tables.members()],
    newestRoom: tables.newestRoom,
    roomMessages: [...tables.roomMessages()].map((message) => ({ ...message, text: textOf(message.text) })),
    postedKeys: [...tables.postedKeys()],
    sequence: tables.sequence,
    history: history.sort((a, b) => a.sequence - b.sequence),
  };
}

function wholeHistory(tables: Tables, user: number, peer: number, pageSize: number): ModelHistory[] {
  const pages: ModelHistory[][] = [];
  for (;;) {
    const before = pages[0]?.[0]?.sequence ?? Infinity;
    const conversation = conversationOf(user, peer);
    const { messages, more } = tables.historyPage({ conversation, limit: pageSize, before });
    pages.unshift(messages.map((message) => ({ ...message, text: textOf(message.text) })));
    if (!more) return pages.flat();
  }
}

export function tokenText(token: Int32Array): string {
  return Array.from(token, (word) => (word >>> 0).toString(16).padStart(8, '0')).join('');
}

function textOf(text: Uint8Array): string {
  return Buffer.from(text).toString('latin1');
}
