/**
 * Checks every invariant of a store at rest: every list whole, every count true, every record and block in exactly
 * one place. Used by tests after each crash and at the end of each storm, and by operators (`chat-server check`).
 */
import { auditKeys } from './audit-keys';
import { RoomAudit } from './audit-rooms';
import type { AuditWords, ClaimedMessages } from './audit-words';
import { messageBlockCount, textBlockCount } from './block-pool';
import { header } from './header';
import { type Layout, readLayout } from './layout';
import { lockNumber, lockWords } from './lock-numbers';
import { block, sessionRecord, userRecord } from './record-words';
import { threadSlot } from './thread-slot';

export interface StoreAudit {
  /** What is wrong; empty when nothing is. At most `findingsMax`. */
  readonly findings: readonly string[];
  readonly users: number;
  readonly sessions: number;
  /** In inboxes. */
  readonly unreadMessages: number;
  readonly rooms: number;
  /** That rooms hold, read or not. */
  readonly roomMessages: number;
  readonly freeBlocks: number;
}

const findingsMax = 100;

/** Reads the whole store. No thread may be changing it meanwhile. */
export function auditStore(buffer: SharedArrayBuffer): StoreAudit {
  return new Auditor(new Int32Array(buffer)).run();
}

class Auditor implements AuditWords {
  readonly layout: Layout;
  private readonly findings: string[] = [];
  /** Where each block was found, to catch one that is in two places. */
  private readonly blockPlace = new Map<number, string>();
  private readonly sessionsOfUser = new Map<number, number[]>();
  private readonly usersWithSessions = new Set<number>();
  private unreadMessages = 0;

  constructor(private readonly words: Int32Array) {
    this.layout = readLayout(words);
  }

  run(): StoreAudit {
    this.checkLocks();
    this.checkUsers();
    const sessions = this.checkSessions();
    this.checkSessionLists();
    this.checkActiveList();
    this.checkKeys();
    const roomCounts = new RoomAudit(this).run(this.userCount);
    const freeBlocks = this.checkFreeBlocks();
    this.expect(this.blockPlace.size, this.at(header.blockBump), 'blocks found in some place');
    return {
      findings: this.findings,
      users: this.userCount,
      sessions,
      unreadMessages: this.unreadMessages,
      ...roomCounts,
      freeBlocks,
    };
  }

  /** How many numbers were given; the most that there is room for, and a finding, when that cannot be. */
  private get userCount(): number {
    const count = this.at(header.userCount);
    if (count >= 0 && count <= this.layout.usersMax) return count;
    this.report(`${count} users in a store that has room for ${this.layout.usersMax}`);
    return this.layout.usersMax;
  }

  private checkLocks(): void {
    for (let lock = 0; lock < lockNumber.count; lock += 1) {
      this.expect(this.at(this.layout.locks + lock * lockWords), 0, `lock ${lock}`);
    }
    for (let index = 0; index < this.layout.threadsMax; index += 1) {
      const slotWord = this.layout.threadSlots + index * threadSlot.words;
      this.expect(this.at(slotWord + threadSlot.undoCount), 0, `undo log of slot ${index}`);
      this.expect(this.at(slotWord + threadSlot.heldCount), 0, `locks held by slot ${index}`);
    }
  }

  private checkUsers(): void {
    const userCount = this.userCount;
    const linked = new Set<number>();
    for (let bucket = 0; bucket < this.layout.userBucketCount; bucket += 1) {
      let user = this.at(this.layout.userBuckets + bucket);
      for (; user !== 0; user = this.at(this.userWord(user) + userRecord.nextInBucket)) {
        const hash = this.at(this.userWord(user) + userRecord.hash);
        this.expect(hash & (this.layout.userBucketCount - 1), bucket, `bucket of user ${user}`);
        if (linked.has(user)) {
          this.report(`user ${user} is linked twice`);
          break;
        }
        linked.add(user);
      }
    }
    for (let user = 1; user <= userCount; user += 1) {
      // A number whose record was lost with a crash before anybody heard of it stays free.
      const isUser = this.at(this.userWord(user) + userRecord.state) !== 0;
      if (isUser !== linked.has(user)) this.report(`user ${user} is ${isUser ? 'not ' : ''}linked`);
      if (isUser) this.checkUser(user);
    }
  }

  private checkUser(user: number): void {
    const word = this.userWord(user);
    this.claimText(
      this.at(word + userRecord.displayHead),
      this.at(word + userRecord.displayBytes),
      `display name of user ${user}`,
    );
    this.claimText(
      this.at(word + userRecord.passwordHead),
      this.at(word + userRecord.passwordBytes),
      `password of user ${user}`,
    );
    const readThrough = this.wide(word + userRecord.readThroughLow, word + userRecord.readThroughHigh);
    const { last, lastSequence, messageCount, blockCount } = this.claimMessages(
      this.at(word + userRecord.inboxHead),
      readThrough,
      `inbox of user ${user}`,
    );
    this.expect(this.at(word + userRecord.inboxTail), last, `inbox tail of user ${user}`);
    this.expect(
      this.at(word + userRecord.inboxMessageCount),
      messageCount,
      `unread messages of user ${user}`,
    );
    this.expect(this.at(word + userRecord.inboxBlockCount), blockCount, `inbox blocks of user ${user}`);
    const newest = this.wide(word + userRecord.lastSequenceLow, word + userRecord.lastSequenceHigh);
    if (messageCount > 0 && lastSequence !== newest)
      this.report(`user ${user}: message ${lastSequence} is the last, not the newest, ${newest}`);
    if (Math.max(newest, readThrough) > this.wide(header.sequenceLow, header.sequenceHigh))
      this.report(`user ${user}: a sequence that was never given: ${Math.max(newest, readThrough)}`);
    this.unreadMessages += messageCount;
  }

  claimMessages(
    firstMessage: number,
    after: number,
    place: string,
    visit: (message: number, sequence: number) => void = () => undefined,
  ): ClaimedMessages {
    let messageCount = 0;
    let blockCount = 0;
    let last = 0;
    let lastSequence = after;
    let next = firstMessage;
    while (next !== 0 && messageCount <= this.layout.blocksMax) {
      const first = this.blockWord(next);
      const count = messageBlockCount(this.at(first + block.message.textBytes));
      const sequence = this.wide(first + block.message.sequenceLow, first + block.message.sequenceHigh);
      if (sequence <= lastSequence)
        this.report(`${place}: message ${sequence} after ${lastSequence} or read`);
      lastSequence = sequence;
      visit(next, sequence);
      const sender = this.at(first + block.message.sender);
      if (sender < 1 || sender > this.userCount) this.report(`${place}: sender ${sender}`);
      last = this.claimChain(next, count, place);
      if (last === 0) break;
      if (count > 1) this.expect(this.at(first + block.message.lastBlock), last, `last block in ${place}`);
      messageCount += 1;
      blockCount += count;
      next = this.at(this.blockWord(last));
    }
    return { last, lastSequence, messageCount, blockCount };
  }

  private checkSessions(): number {
    let linked = 0;
    const mask = this.layout.sessionBucketCount - 1;
    for (let bucket = 0; bucket <= mask; bucket += 1) {
      let session = this.at(this.layout.sessionBuckets + bucket);
      for (; session !== 0; session = this.at(this.sessionWord(session) + sessionRecord.nextInBucket)) {
        const word = this.sessionWord(session);
        const hash = this.at(word + sessionRecord.token) ^ this.at(word + sessionRecord.token + 3);
        this.expect(hash & mask, bucket, `bucket of session ${session}`);
        const user = this.at(word + sessionRecord.user);
        const others = this.sessionsOfUser.get(user);
        if (others === undefined) this.sessionsOfUser.set(user, [session]);
        else others.push(session);
        linked += 1;
        if (linked > this.layout.sessionsMax) {
          this.report('the sessions’ buckets form a ring');
          return linked;
        }
      }
    }
    let free = 0;
    let session = this.at(header.sessionFree);
    for (; session !== 0 && free <= this.layout.sessionsMax; free += 1) {
      if (session < 0 || session > this.at(header.sessionBump)) {
        this.report(`the free session ${session} was never made`);
        break;
      }
      this.expect(
        this.at(this.sessionWord(session) + sessionRecord.user),
        0,
        `user of free session ${session}`,
      );
      session = this.at(this.sessionWord(session) + sessionRecord.nextInBucket);
    }
    this.expect(this.at(header.sessionCount), linked, 'sessions linked');
    this.expect(linked + free, this.at(header.sessionBump), 'sessions linked or free');
    return linked;
  }

  private checkSessionLists(): void {
    for (let user = 1; user <= this.userCount; user += 1) {
      const word = this.userWord(user);
      const epoch = this.at(word + userRecord.sessionEpoch);
      const valid = new Set<number>();
      const ended = new Set<number>();
      for (const session of this.sessionsOfUser.get(user) ?? []) {
        const isValid = this.at(this.sessionWord(session) + sessionRecord.epoch) === epoch;
        (isValid ? valid : ended).add(session);
      }
      this.expect(this.at(word + userRecord.sessionCount), valid.size, `sessions of user ${user}`);
      if (valid.size > 0) this.usersWithSessions.add(user);
      this.checkSessionList(word + userRecord.sessionHead, valid, `sessions of user ${user}`);
      this.checkSessionList(word + userRecord.endedHead, ended, `ended sessions of user ${user}`);
    }
    if (this.sessionsOfUser.has(0)) this.report('a linked session has no user');
  }

  /** Walks a list and expects exactly these sessions in it. */
  private checkSessionList(headWord: number, expected: Set<number>, place: string): void {
    let previous = 0;
    let session = this.at(headWord);
    while (session !== 0 && expected.delete(session)) {
      const word = this.sessionWord(session);
      this.expect(this.at(word + sessionRecord.previousOfUser), previous, `${place}: before ${session}`);
      previous = session;
      session = this.at(word + sessionRecord.nextOfUser);
    }
    if (session !== 0) this.report(`${place}: ${session} does not belong there`);
    this.expect(expected.size, 0, `${place}: missing`);
  }

  private checkActiveList(): void {
    const seen = new Set<number>();
    let previous = 0;
    let user = this.at(header.activeHead);
    while (user !== 0 && !seen.has(user)) {
      seen.add(user);
      this.expect(
        this.at(this.userWord(user) + userRecord.activePrevious),
        previous,
        `active list at user ${user}`,
      );
      if (!this.usersWithSessions.has(user)) this.report(`user ${user} is active without a session`);
      previous = user;
      user = this.at(this.userWord(user) + userRecord.activeNext);
    }
    this.expect(user, 0, 'end of the active list');
    this.expect(this.at(header.activeTail), previous, 'tail of the active list');
    this.expect(this.at(header.activeCount), seen.size, 'active users');
    this.expect(seen.size, this.usersWithSessions.size, 'users with sessions who are active');
  }

  private checkKeys(): void {
    const newestSequence = this.wide(header.sequenceLow, header.sequenceHigh);
    const at = (word: number): number => this.at(word);
    auditKeys(this.layout, newestSequence, at, (finding) => {
      this.report(finding);
    });
  }

  private checkFreeBlocks(): number {
    const before = this.blockPlace.size;
    for (let index = 0; index < this.layout.threadsMax; index += 1) {
      const slotWord = this.layout.threadSlots + index * threadSlot.words;
      this.claimWholeChain(
        this.at(slotWord + threadSlot.stockHead),
        this.at(slotWord + threadSlot.stockCount),
        `stock of slot ${index}`,
      );
    }
    let magazine = this.at(header.magazineHead);
    while (magazine !== 0) {
      const word = this.blockWord(magazine);
      const last = this.claimWholeChain(magazine, this.at(word + block.magazine.count), 'magazine');
      this.expect(last, this.at(word + block.magazine.tail), `tail of magazine ${magazine}`);
      if (last === 0) break;
      magazine = this.at(word + block.magazine.next);
    }
    return this.blockPlace.size - before;
  }

  private claimText(head: number, textBytes: number, place: string): void {
    this.claimWholeChain(head, textBlockCount(textBytes), place);
  }

  private claimWholeChain(head: number, count: number, place: string): number {
    if (count === 0) {
      this.expect(head, 0, `empty chain: ${place}`);
      return 0;
    }
    const last = this.claimChain(head, count, place);
    if (last !== 0) this.expect(this.at(this.blockWord(last)), 0, `end of chain: ${place}`);
    return last;
  }

  /** Claims `count` blocks from `head`; returns the last, or 0 when the chain is broken. */
  private claimChain(head: number, count: number, place: string): number {
    let blockNumber = head;
    for (let index = 0; index < count; index += 1) {
      const known = this.blockPlace.get(blockNumber);
      if (blockNumber < 1 || blockNumber > this.at(header.blockBump) || known !== undefined) {
        this.report(
          `block ${blockNumber} in ${place}${known === undefined ? ' does not exist' : ` is also in ${known}`}`,
        );
        return 0;
      }
      this.blockPlace.set(blockNumber, place);
      if (index < count - 1) blockNumber = this.at(this.blockWord(blockNumber));
    }
    return blockNumber;
  }

  /** A word; 0, and a finding, where a wild link has led out of the memory. */
  at(word: number): number {
    if (word >= 0 && word < this.words.length) return Atomics.load(this.words, word);
    this.report(`a link leads out of the store, to word ${word}`);
    return 0;
  }

  wide(low: number, high: number): number {
    return (this.at(low) >>> 0) + this.at(high) * 2 ** 32;
  }

  private userWord(user: number): number {
    return this.layout.users + (user - 1) * userRecord.words;
  }

  private sessionWord(session: number): number {
    return this.layout.sessions + (session - 1) * sessionRecord.words;
  }

  private blockWord(blockNumber: number): number {
    return this.layout.blocks + (blockNumber - 1) * block.words;
  }

  expect(found: number, expected: number, what: string): void {
    if (found !== expected) this.report(`${what}: found ${found}, expected ${expected}`);
  }

  report(finding: string): void {
    if (this.findings.length < findingsMax) this.findings.push(finding);
  }
}
