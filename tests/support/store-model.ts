/** What the store promises, as plain JavaScript: one thread's view, no blocks, no locks. */
import type { StoreCapacity } from '../../shared/store/layout';
import type { TakenMessage } from './inbox-collector';

export interface ModelUser {
  readonly user: number;
  readonly displayName: string;
  passwordHash: string;
  /** Counts changes of the password. */
  passwordChanges: number;
  unread: TakenMessage[];
}

export class StoreModel {
  readonly users = new Map<string, ModelUser>();
  /** With those that were removed: numbers are given once. */
  usersEver = 0;
  /** Token number to user number, in order of opening. */
  readonly sessions = new Map<number, number>();
  /** In order of login. */
  active: number[] = [];

  constructor(readonly capacity: StoreCapacity) {}

  get unreadMessages(): number {
    return [...this.users.values()].reduce((sum, { unread }) => sum + unread.length, 0);
  }

  createUser(name: string, displayName: string, passwordHash: string): string {
    if (this.users.has(name)) return 'USER_EXISTS';
    if (this.usersEver === this.capacity.usersMax) return 'STORE_FULL';
    this.usersEver += 1;
    const user = this.usersEver;
    this.users.set(name, { user, displayName, passwordHash, passwordChanges: 0, unread: [] });
    return 'OK';
  }

  removeUser(name: string): string {
    const user = this.users.get(name);
    if (user === undefined) return 'NO_SUCH_USER';
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
    if (user.unread.length >= this.capacity.inboxMessagesMax) return 'INBOX_FULL';
    user.unread.push({ sender, text });
    return 'OK';
  }

  /** The longest prefix of at most so many bytes. */
  takeInbox(user: ModelUser, textBytesMax: number): TakenMessage[] {
    let bytes = 0;
    const refused = user.unread.findIndex(({ text }) => (bytes += text.length) > textBytesMax);
    return user.unread.splice(0, refused < 0 ? user.unread.length : refused);
  }
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
