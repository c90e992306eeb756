/**
 * The audit: reads every row of every table and says what does not belong together.
 */
import { type InboxCounters, visitInboxes } from './inbox-pages';
import { isDamage } from './environment';
import type { AuditContext } from './audit-context';
import { RoomAudit } from './check-rooms';
import { readHistoryChunk, readKeysChunk, readUnreadChunk } from './chunk';
import {
  bucketCount,
  bucketOf,
  conversationOfKey,
  conversationOfMessage,
  historyKeyBytes,
  mixedKeyBytes,
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
import { type PartitionRow, readNumberRow, readPartitionRow, readSessionRow, readUserRow } from './rows';
import { readApplied, readSequence, type TableSet } from './table-set';

/** The audit stops at so many: what is beyond repair need not be counted. */
const findingsMax = 1_000;

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
  private readonly partitions = new Map<number, PartitionRow>();
  private readonly applied: number;
  readonly sequence: number;

  constructor(readonly tables: TableSet) {
    this.applied = readApplied(tables);
    this.sequence = readSequence(tables);
  }

  run(): Finding[] {
    const rooms = new RoomAudit(this);
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
        this.checkPartitions();
      },
      () => {
        this.checkHistory();
      },
      () => {
        this.checkMixedHistory();
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

  private checkPartitions(): void {
    let nextAfter = -1;
    for (const { key, value } of this.tables.partitions.entries()) {
      const row = key.length === userKeyBytes ? readPartitionRow(value) : undefined;
      if (row === undefined) this.find('partitions', key, 'is no partition’s row');
      else if (row.firstPosition <= nextAfter)
        this.find('partitions', key, 'begins before the one before it');
      else {
        nextAfter = row.firstPosition;
        this.partitions.set(readUint32(key, 0), row);
      }
    }
  }

  private checkHistory(): void {
    this.checkChunks('history', historyKeyBytes, (key, conversation) => {
      return conversationOfKey(key) === conversation;
    });
  }

  private checkMixedHistory(): void {
    this.checkChunks('historyMixed', mixedKeyBytes, (key, conversation) => {
      const bucket = readUint32(key, 4);
      return bucket < bucketCount && bucketOf(conversation) === bucket;
    });
  }

  private checkChunks(
    which: 'history' | 'historyMixed',
    keyBytes: number,
    belongs: (key: Buffer, conversation: number) => boolean,
  ): void {
    const { name } = this.tables[which];
    let groupBefore: Uint8Array = Buffer.alloc(0);
    let positionBefore = -1;
    for (const { key, value } of this.tables[which].entries()) {
      const isKey = key.length === keyBytes;
      const firstPosition = isKey ? readUint53(key, keyBytes - 8) : 0;
      const messages = isKey ? readHistoryChunk(firstPosition, value) : undefined;
      if (messages?.[0]!.position !== firstPosition) {
        this.find(name, key, 'is no chunk of history');
        continue;
      }
      const partition = this.partitions.get(readUint32(key, 0));
      if (partition === undefined) this.find(name, key, 'is of no partition');
      const group = key.subarray(0, keyBytes - 8);
      if (!group.equals(groupBefore)) positionBefore = -1;
      groupBefore = group;
      for (const message of messages) {
        const conversation = conversationOfMessage(message.sender, message.receiver);
        if (message.position <= positionBefore) this.find(name, key, 'has messages out of order');
        if (message.position >= this.applied)
          this.find(name, key, 'has messages from after what was applied');
        if (!belongs(key, conversation)) this.find(name, key, 'has messages of another conversation');
        if (partition !== undefined && message.atMs > partition.newestAtMs)
          this.find(name, key, 'has messages newer than its partition says');
        for (const user of message.receiver < 0 ? [message.sender] : [message.sender, message.receiver])
          this.requireUser(name, key, user);
        positionBefore = message.position;
      }
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

  find(table: string, key: Buffer | undefined, message: string): void {
    if (this.findings.length >= findingsMax) return;
    this.findings.push({ table, key: key?.toString('hex') ?? '', message });
  }
}
