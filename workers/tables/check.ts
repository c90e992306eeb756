/**
 * The audit: reads every row of every table and says what does not belong together.
 */
import { isEscapedText } from '../../shared/protocol/json-ascii';
import { type InboxCounters, visitInboxes } from './inbox-pages';
import { isDamage } from './environment';
import type { AuditContext } from './audit-context';
import { HistoryAudit } from './check-history';
import { RoomAudit } from './check-rooms';
import { readKeysChunk, readUnreadChunk } from './chunk';
import {
  nameKey,
  postedKeysKeyBytes,
  readUint32,
  readUint53,
  sessionOfUserKey,
  sessionOfUserKeyBytes,
  tokenKeyBytes,
  unreadKeyBytes,
  userKeyBytes,
} from './keys';
import { readNumberRow, readSessionRow, readUserRow } from './rows';
import { readSequence, type TableSet } from './table-set';

/** The audit stops at so many: what is beyond repair need not be counted. */
const findingsMax = 1_000;

const spoiltText = 'has a text that nobody can have sent';

export interface Finding {
  /** Empty when a table cannot be read at all. */
  readonly table: string;
  /** The key, in hexadecimal; empty when the finding is of the table as a whole. Holds no token. */
  readonly key: string;
  readonly message: string;
}

/** Audits all tables. At most 1,000 findings. */
export function checkTables(tables: TableSet): Finding[] {
  return new Audit(tables).run();
}

class Audit implements AuditContext {
  private readonly findings: Finding[] = [];
  readonly users = new Map<number, boolean>();
  private readonly inboxes = new Map<number, InboxCounters>();
  readonly sequence: number;

  constructor(readonly tables: TableSet) {
    this.sequence = readSequence(tables);
  }

  run(): Finding[] {
    const rooms = new RoomAudit(this);
    const history = new HistoryAudit(this);
    const parts = [
      () => {
        this.checkUsers();
      },
      () => {
        this.checkNames();
      },
      () => {
        this.checkInboxes();
      },
      () => {
        this.checkSessions();
      },
      () => {
        this.checkUnread();
      },
      () => {
        rooms.checkRooms();
      },
      () => {
        rooms.checkMembers();
      },
      () => {
        rooms.checkMessages();
      },
      () => {
        this.checkPostedKeys();
      },
      () => {
        history.checkPartitions();
      },
      () => {
        history.checkHistory();
      },
      () => {
        history.checkMixedHistory();
      },
      () => {
        history.checkSignatures();
      },
    ];
    for (const part of parts) if (this.findings.length < findingsMax) this.runPart(part);
    return this.findings;
  }

  private runPart(part: () => void): void {
    try {
      part();
    } catch (error) {
      if (!isDamage(error)) throw error;
      this.find('', undefined, `a table cannot be read to its end: ${String(error)}`);
    }
  }

  private checkUsers(): void {
    for (const { key, value } of this.tables.users.entries()) {
      const row = key.length === userKeyBytes ? readUserRow(value) : undefined;
      if (row === undefined) this.find('users', key, 'is no user’s row');
      else {
        this.users.set(readUint32(key, 0), !row.removed);
        if (row.removed) continue;
        if (!isEscapedText(row.displayName)) this.find('users', key, spoiltText);
        const named = this.tables.names.get(nameKey(row.username));
        if (named === undefined || readNumberRow(named) !== readUint32(key, 0))
          this.find('users', key, 'has a name that does not lead to it');
      }
    }
  }

  private checkNames(): void {
    const live = [...this.users.values()].filter(Boolean).length;
    const named = this.tables.names.entryCount();
    if (named !== live) this.find('names', undefined, `has ${named} names of ${live} live users`);
  }

  private checkInboxes(): void {
    visitInboxes(
      this.tables,
      (user, counters) => {
        if (this.users.get(user) === true) this.inboxes.set(user, counters);
        else this.find('inboxes', undefined, `has one of user ${user}, who is not live`);
      },
      (key) => {
        this.find('inboxes', key, 'is no page of inboxes');
      },
    );
    for (const [user, isLive] of this.users)
      if (isLive && !this.inboxes.has(user)) this.find('inboxes', undefined, `misses that of user ${user}`);
  }

  private checkSessions(): void {
    const { sessions, sessionsOfUsers } = this.tables;
    for (const { key, value } of sessions.entries()) {
      const row = key.length === tokenKeyBytes ? readSessionRow(value) : undefined;
      // A token is a secret: findings name its user at most.
      if (row === undefined) this.find('sessions', undefined, 'has a row that is no session’s');
      else if (this.users.get(row.user) !== true)
        this.find('sessions', undefined, `has a session of user ${row.user}, who is not live`);
      else if (!sessionsOfUsers.has(sessionOfUserKey(row.user, key)))
        this.find('sessions-of-users', undefined, `misses a session of user ${row.user}`);
    }
    for (const key of sessionsOfUsers.keys()) {
      const isKnown = key.length === sessionOfUserKeyBytes && sessions.has(key.subarray(userKeyBytes));
      if (!isKnown) this.find('sessions-of-users', undefined, 'has a session that there is not');
    }
  }

  /** The unread chunks of a user ascend, hold something unread each, and end at the last message delivered. */
  private checkUnread(): void {
    const reached = new Map<number, number>();
    for (const { key, value } of this.tables.unread.entries()) {
      const receiver = key.length === unreadKeyBytes ? readUint32(key, 0) : 0;
      const messages = readUnreadChunk(receiver, value);
      const inbox = this.inboxes.get(receiver);
      const last = messages?.at(-1)?.sequence;
      if (messages === undefined || last !== readUint53(key, 4))
        this.find('unread', key, 'is no chunk of unread messages');
      else if (inbox === undefined) this.find('unread', key, 'is of no live user');
      else {
        if (last <= inbox.readThrough) this.find('unread', key, 'holds nothing unread');
        for (const { sender } of messages) this.requireUser('unread', key, sender);
        this.requireTexts('unread', key, messages);
        reached.set(receiver, this.checkOrder('unread', key, messages, reached.get(receiver) ?? 0));
      }
    }
    for (const [user, { readThrough, lastSequence }] of this.inboxes) {
      const last = reached.get(user) ?? Math.min(lastSequence, readThrough);
      if (last !== lastSequence)
        this.find('unread', undefined, `of user ${user} ends at ${last}, not at ${lastSequence}`);
      if (Math.max(lastSequence, readThrough) > this.sequence)
        this.find('inboxes', undefined, `that of user ${user} is ahead of sequence ${this.sequence}`);
    }
  }

  private checkPostedKeys(): void {
    let sequence = 0;
    for (const { key, value } of this.tables.postedKeys.entries()) {
      const posted = key.length === postedKeysKeyBytes ? readKeysChunk(value) : undefined;
      const isChunk =
        posted?.at(-1)!.sequence === readUint53(key, 0) &&
        posted.length === readUint32(key, postedKeysKeyBytes - 4);
      if (!isChunk) {
        this.find('keys', key, 'is no chunk of idempotency keys');
        continue;
      }
      sequence = this.checkOrder('keys', key, posted, sequence);
      for (const { sender } of posted) this.requireUser('keys', key, sender);
    }
  }

  checkOrder(
    table: string,
    key: Buffer,
    entries: readonly { readonly sequence: number }[],
    after: number,
  ): number {
    let before = after;
    for (const { sequence } of entries) {
      if (sequence <= before) this.find(table, key, `has message ${sequence} after message ${before}`);
      before = sequence;
    }
    if (before > this.sequence) this.find(table, key, `is ahead of sequence ${this.sequence}`);
    return before;
  }

  requireUser(table: string, key: Buffer, user: number): void {
    if (!this.users.has(user)) this.find(table, key, `speaks of user ${user}, who was never created`);
  }

  requireTexts(table: string, key: Buffer, messages: readonly { readonly text: Uint8Array }[]): void {
    const isSpoilt = ({ text }: { readonly text: Uint8Array }): boolean =>
      !isEscapedText(Buffer.from(text.buffer, text.byteOffset, text.length).toString('latin1'));
    if (messages.some(isSpoilt)) this.find(table, key, spoiltText);
  }

  find(table: string, key: Buffer | undefined, message: string): void {
    if (this.findings.length >= findingsMax) return;
    this.findings.push({ table, key: key?.toString('hex') ?? '', message });
  }
}
