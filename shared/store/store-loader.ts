/**
 * Fills a fresh store from what is on disk, before anybody else uses it: the tables' rows, then the journal's rest,
 * record by record. Nothing of it is journaled again.
 */
import { highWord, joinWords, type JournalRecord, lowWord } from '../journal/record';
import { Name } from '../protocol/name';
import type { TokenWords } from '../protocol/token';
import { sessionRecord, userRecord } from './layout';
import type { Memory } from './memory';
import { attachParts, type StoreParts } from './store-parts';
import { StoredText } from './stored-text';

/** What is on disk does not fit in the memory that the store was given, or contradicts itself. */
export class LoadError extends Error {
  constructor(
    message: string,
    readonly code: 'STORE_TOO_SMALL' | 'DATA_DAMAGED',
  ) {
    super(message);
  }
}

export class StoreLoader {
  private readonly parts: StoreParts;
  private readonly name = new Name();
  private readonly nowSeconds = Math.floor(Date.now() / 1_000);

  constructor(memory: Memory, threadId: number) {
    this.parts = attachParts(memory, threadId, () => undefined);
    this.parts.journal.isOn = false;
  }

  /** Ends the loading: the thread's slot is free for another. */
  finish(): void {
    this.parts.detach();
  }

  user(user: number, username: string, displayName: string, passwordHash: string): void {
    const { locks, users, blocks } = this.parts;
    if (!this.name.readText(username)) throw new LoadError(`user ${user} has no proper name`, 'DATA_DAMAGED');
    const display = StoredText.fromAscii(displayName);
    const password = StoredText.fromAscii(passwordHash);
    if (user > users.capacity || !blocks.reserve(display.blockCount + password.blockCount))
      throw storeTooSmall();
    locks.acquire(users.lockOfName(this.name));
    users.link(user, this.name, display, password);
    this.commit();
  }

  /** Makes a user one that was removed: its names stay, all else goes. */
  remove(user: number): void {
    const { locks, users, sessions, inbox, active } = this.parts;
    if (!this.isLive(user)) return;
    locks.acquire(users.lockOf(user));
    if (this.userWord(user, userRecord.sessionCount) > 0) active.remove(user);
    sessions.endAll(user);
    users.markRemoved(user);
    inbox.clear(user);
    this.commit();
    this.removeEndedSessions(user);
  }

  /** Notes the number of the newest message that was ever delivered to a user. */
  lastSequence(user: number, sequence: number): void {
    const word = this.parts.users.wordOf(user);
    this.parts.memory.write(word + userRecord.lastSequenceLow, lowWord(sequence));
    this.parts.memory.write(word + userRecord.lastSequenceHigh, highWord(sequence));
  }

  session(token: TokenWords, user: number, openedAtSeconds: number): void {
    const { locks, users, sessions, active } = this.parts;
    if (!this.isLive(user)) return;
    locks.acquire(sessions.lockOf(token));
    locks.acquire(users.lockOf(user));
    if (sessions.find(token) === 0) {
      const lastUsedSeconds = users.lastUsedSeconds(user);
      if (this.userWord(user, userRecord.sessionCount) === 0) active.append(user);
      if (sessions.insert(token, user, openedAtSeconds) === 0) throw storeTooSmall();
      // When it was last used is not on disk: it counts as used now, and expires by its age all the same.
      sessions.use(sessions.find(token), this.nowSeconds);
      users.noteUse(user, Math.max(openedAtSeconds, lastUsedSeconds));
    }
    this.commit();
  }

  message(receiver: number, sender: number, sequence: number, atMs: number, escapedText: Uint8Array): void {
    const { locks, users, blocks, inbox } = this.parts;
    if (!this.isLive(receiver)) return;
    const text = StoredText.fromBytes(escapedText);
    if (!blocks.reserve(text.messageBlockCount)) throw storeTooSmall();
    const newest = Math.max(sequence, this.readLastSequence(receiver));
    this.lastSequence(receiver, sequence - 1);
    locks.acquire(users.lockOf(receiver));
    // The bound may have been lowered since: what was acknowledged is kept all the same.
    inbox.append(receiver, sender, text, atMs, Infinity);
    this.commit();
    this.lastSequence(receiver, newest);
  }

  /** Repeats a change. */
  apply(record: JournalRecord): void {
    const { locks, users, inbox } = this.parts;
    switch (record.kind) {
      case 'message':
        this.message(record.receiver, record.sender, record.sequence, record.atMs, record.text);
        return;
      case 'read':
        if (!this.isLive(record.user)) return;
        locks.acquire(users.lockOf(record.user));
        inbox.dropThrough(record.user, record.sequence);
        this.commit();
        return;
      case 'userCreated':
        this.user(record.user, record.username, record.displayName, record.passwordHash);
        return;
      case 'userRemoved':
        this.remove(record.user);
        return;
      case 'passwordChanged':
        this.replacePassword(record.user, record.passwordHash);
        this.endOthers(record.user, record.keptToken);
        return;
      case 'passwordRenewed':
        this.replacePassword(record.user, record.passwordHash);
        return;
      case 'sessionOpened':
        this.session(record.token, record.user, record.atSeconds);
        return;
      case 'sessionClosed':
        this.closeSession(record.token);
    }
  }

  private replacePassword(user: number, passwordHash: string): void {
    const { locks, users, blocks } = this.parts;
    if (!this.isLive(user)) return;
    const password = StoredText.fromAscii(passwordHash);
    if (!blocks.reserve(password.blockCount)) throw storeTooSmall();
    locks.acquire(users.lockOf(user));
    users.replacePassword(user, password);
    this.commit();
  }

  private endOthers(user: number, keptToken: TokenWords): void {
    const { locks, users, sessions, active } = this.parts;
    if (!this.isLive(user)) return;
    locks.acquire(sessions.lockOf(keptToken));
    locks.acquire(users.lockOf(user));
    const kept = sessions.find(keptToken);
    if (kept !== 0 && sessions.userOf(kept) === user) {
      sessions.endAllOthers(user, kept);
    } else {
      if (this.userWord(user, userRecord.sessionCount) > 0) active.remove(user);
      sessions.endAll(user);
    }
    this.commit();
    this.removeEndedSessions(user);
  }

  private removeEndedSessions(user: number): void {
    const { memory, sessions } = this.parts;
    const token = new Int32Array(4);
    for (let ended = 0; (ended = sessions.firstEnded(user)) !== 0;) {
      const word = sessions.wordOf(ended) + sessionRecord.token;
      for (let index = 0; index < 4; index += 1) token[index] = memory.read(word + index);
      this.closeSession(token);
    }
  }

  private closeSession(token: TokenWords): void {
    const { locks, users, sessions, active } = this.parts;
    locks.acquire(sessions.lockOf(token));
    const session = sessions.find(token);
    if (session !== 0) {
      const user = sessions.userOf(session);
      locks.acquire(users.lockOf(user));
      const isLast = this.userWord(user, userRecord.sessionCount) === 1;
      if (sessions.isOfThisEpoch(session) && isLast) active.remove(user);
      sessions.remove(session, token);
    }
    this.commit();
  }

  private readLastSequence(user: number): number {
    const low = this.userWord(user, userRecord.lastSequenceLow);
    return joinWords(low, this.userWord(user, userRecord.lastSequenceHigh));
  }

  private isLive(user: number): boolean {
    return user > 0 && user <= this.parts.users.capacity && this.parts.users.isLive(user);
  }

  private userWord(user: number, field: number): number {
    return this.parts.memory.read(this.parts.users.wordOf(user) + field);
  }

  private commit(): void {
    this.parts.transaction.commit();
    this.parts.locks.releaseAll();
  }
}

function storeTooSmall(): LoadError {
  return new LoadError('what is on disk does not fit in the store: raise --memory', 'STORE_TOO_SMALL');
}
