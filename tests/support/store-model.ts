/** What the store promises, as plain JavaScript: one thread's view, no blocks, no locks. */
import type { StoreCapacity } from '../../shared/store/layout';
import type { TakenMessage } from './inbox-collector';

export interface ModelUser {
  readonly user: number;
  readonly displayName: string;
  passwordHash: string;
  /** Counts changes of the password. */
  passwordChanges: number;
  /** Of the inbox and of rooms, in order of arrival. */
  unread: ModelMessage[];
  /** Names of rooms, in order of joining. */
  rooms: string[];
}

/** What is sent to a room is one object, whoever has it unread. */
export interface ModelMessage extends TakenMessage {
  /** A room's name; undefined for a message to the user alone. */
  readonly room?: string;
}

export interface ModelRoom {
  readonly number: number;
  owner: number;
  /** In order of joining. */
  members: number[];
  /** The newest, as many as it may keep. */
  messages: ModelMessage[];
}

export class StoreModel {
  readonly users = new Map<string, ModelUser>();
  /** With those that were removed: numbers are given once. */
  usersEver = 0;
  readonly rooms = new Map<string, ModelRoom>();
  /** With those that are gone. */
  roomsEver = 0;
  /** Sender and idempotency key to the sequence that they led to. */
  readonly posts = new Map<string, number>();
  /** Token number to user number, in order of opening. */
  readonly sessions = new Map<number, number>();
  /** In order of login. */
  active: number[] = [];

  constructor(readonly capacity: StoreCapacity) {}

  get unreadMessages(): number {
    return [...this.users.values()].reduce((sum, user) => sum + inboxCount(user), 0);
  }

  createUser(name: string, displayName: string, passwordHash: string): string {
    if (this.users.has(name)) return 'USER_EXISTS';
    if (this.usersEver === this.capacity.usersMax) return 'STORE_FULL';
    this.usersEver += 1;
    const user = this.usersEver;
    this.users.set(name, { user, displayName, passwordHash, passwordChanges: 0, unread: [], rooms: [] });
    return 'OK';
  }

  removeUser(name: string): string {
    const user = this.users.get(name);
    if (user === undefined) return 'NO_SUCH_USER';
    for (const room of [...user.rooms]) this.leaveRoom(user, room);
    this.users.delete(name);
    for (const [token, owner] of this.sessions) if (owner === user.user) this.sessions.delete(token);
    this.active = this.active.filter((other) => other !== user.user);
    return 'OK';
  }

  resetPassword(name: string, passwordHash: string): string {
    const user = this.users.get(name);
    if (user === undefined) return 'NO_SUCH_USER';
    user.passwordHash = passwordHash;
    user.passwordChanges += 1;
    for (const [token, owner] of this.sessions) if (owner === user.user) this.sessions.delete(token);
    this.active = this.active.filter((other) => other !== user.user);
    return 'OK';
  }

  openSession(user: ModelUser, checkedChanges: number, token: number): string {
    if (user.passwordChanges !== checkedChanges) return 'WRONG_PASSWORD';
    if (this.sessions.size === this.capacity.sessionsMax) return 'STORE_FULL';
    this.sessions.set(token, user.user);
    if (!this.active.includes(user.user)) this.active.push(user.user);
    return 'OK';
  }

  closeSession(token: number): string {
    const user = this.sessions.get(token);
    if (user === undefined) return 'BAD_SESSION';
    this.sessions.delete(token);
    if (![...this.sessions.values()].includes(user))
      this.active = this.active.filter((other) => other !== user);
    return 'OK';
  }

  changePassword(user: ModelUser, checkedChanges: number, passwordHash: string, keptToken: number): string {
    if (this.sessions.get(keptToken) !== user.user) return 'BAD_SESSION';
    if (user.passwordChanges !== checkedChanges) return 'WRONG_PASSWORD';
    user.passwordHash = passwordHash;
    user.passwordChanges += 1;
    for (const [token, owner] of this.sessions)
      if (owner === user.user && token !== keptToken) this.sessions.delete(token);
    return 'OK';
  }

  renewPasswordHash(user: ModelUser, checkedChanges: number, passwordHash: string): void {
    if (user.passwordChanges === checkedChanges) user.passwordHash = passwordHash;
  }

  send(sender: number, receiver: string, text: string): string {
    const user = this.users.get(receiver);
    if (user === undefined) return 'RECIPIENT_NOT_FOUND';
    if (inboxCount(user) >= this.capacity.inboxMessagesMax) return 'INBOX_FULL';
    user.unread.push({ sender, text });
    return 'OK';
  }

  /** The longest prefix of at most so many bytes. */
  takeInbox(user: ModelUser, textBytesMax: number): ModelMessage[] {
    let bytes = 0;
    const refused = user.unread.findIndex(({ text }) => (bytes += text.length) > textBytesMax);
    return user.unread.splice(0, refused < 0 ? user.unread.length : refused);
  }

  joinRoom(user: ModelUser, name: string): string {
    const { roomsMax = 0, membersMax = 0 } = this.capacity;
    if (user.rooms.includes(name)) return 'OK';
    const found = this.rooms.get(name);
    const memberships = [...this.rooms.values()].reduce((sum, { members }) => sum + members.length, 0);
    if (memberships === membersMax) return 'STORE_FULL';
    if (found === undefined) {
      if (this.rooms.size === roomsMax) return 'STORE_FULL';
      this.roomsEver += 1;
      const { user: owner } = user;
      this.rooms.set(name, { number: this.roomsEver, owner, members: [owner], messages: [] });
    } else {
      found.members.push(user.user);
    }
    user.rooms.push(name);
    return 'OK';
  }

  leaveRoom(user: ModelUser, name: string): string {
    const room = this.rooms.get(name);
    if (room === undefined) return 'NO_SUCH_ROOM';
    if (!user.rooms.includes(name)) return 'NOT_A_MEMBER';
    user.rooms = user.rooms.filter((other) => other !== name);
    user.unread = user.unread.filter((message) => message.room !== name);
    room.members = room.members.filter((member) => member !== user.user);
    if (room.owner === user.user) room.owner = room.members[0] ?? 0;
    if (room.members.length === 0) this.rooms.delete(name);
    return 'OK';
  }

  removeMember(owner: ModelUser, name: string, username: string): string {
    const room = this.rooms.get(name);
    if (room === undefined) return 'NO_SUCH_ROOM';
    if (room.owner !== owner.user) return 'FORBIDDEN';
    const user = this.users.get(username);
    return user === undefined ? 'RECIPIENT_NOT_FOUND' : this.leaveRoom(user, name);
  }

  sendToRoom(sender: ModelUser, name: string, text: string): string {
    const room = this.rooms.get(name);
    if (room === undefined) return 'NO_SUCH_ROOM';
    if (!sender.rooms.includes(name)) return 'NOT_A_MEMBER';
    const message = { sender: sender.user, text, room: name };
    room.messages.push(message);
    const dropped = room.messages.splice(0, room.messages.length - this.capacity.inboxMessagesMax);
    for (const user of this.users.values()) {
      user.unread = user.unread.filter((unread) => !dropped.includes(unread));
      if (user !== sender && user.rooms.includes(name)) user.unread.push(message);
    }
    return 'OK';
  }
}

function inboxCount({ unread }: ModelUser): number {
  return unread.filter(({ room }) => room === undefined).length;
}

/** By sender, the sender with the oldest message first. */
export function groupBySender(messages: readonly TakenMessage[]): { sender: number; texts: string[] }[] {
  const groups = new Map<number, string[]>();
  for (const { sender, text } of messages) {
    const texts = groups.get(sender);
    if (texts === undefined) groups.set(sender, [text]);
    else texts.push(text);
  }
  return [...groups].map(([sender, texts]) => ({ sender, texts }));
}
