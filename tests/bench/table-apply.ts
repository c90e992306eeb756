/**
 * What bringing the tables up to date costs: `node dist/tests/bench/table-apply.js [seconds a case]`.
 *
 * One case each of few users and many, of records that come in runs of 1 and 16 MiB, of messages that are read soon.
 * Every apply is synced to disk. Then a start is measured: loading 100,000 accounts and 1,000,000 unread messages.
 */
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { RecordWriter } from '../support/record-writer';
import { TemporaryFolder } from '../support/temporary-folder';
import { Tables } from '../../workers/tables/tables';

const messageText = 'Sampai jumpa besok pagi di stasiun.';
const messagesPerSecond = 80_000;
const sendsPerRead = 15;
const passwordHash = `$argon2id$v=19$m=19456,t=2,p=1$${'x'.repeat(66)}`;
const startAtMs = 1_750_000_000_000;

interface Figures {
  readonly name: string;
  readonly messageCount: number;
  readonly cpuMicroseconds: number;
  readonly wallMicroseconds: number;
  readonly writtenBytes: number;
  readonly fileBytes: number;
}

/** Chats at random; a user reads after about `sendsPerRead` messages of all, whoever that is. */
class Chatter {
  readonly writer = new RecordWriter();
  private sequence = 0;
  /** By user: that of the newest message. */
  private readonly sequences: Float64Array;
  private random = 0x2545f491;
  messageCount = 0;

  constructor(private readonly userCount: number) {
    this.sequences = new Float64Array(userCount + 1);
  }

  createUsers(): void {
    for (let user = 1; user <= this.userCount; user += 1)
      this.writer.userCreated(user, startAtMs, `user${user}`, `User ${user}`, passwordHash);
  }

  /** Messages, and reads unless `isRead` is false, until so many bytes of records are there. */
  chat(recordBytes: number, isRead: boolean): void {
    while (this.writer.length * 4 < recordBytes) {
      const [sender, receiver] = [this.randomUser(), this.randomUser()];
      this.sequence += 1;
      this.sequences[receiver] = this.sequence;
      const atMs = startAtMs + Math.floor((this.messageCount / messagesPerSecond) * 1_000);
      this.writer.message(receiver, sender, this.sequence, atMs, messageText);
      this.messageCount += 1;
      if (!isRead || this.messageCount % sendsPerRead !== 0) continue;
      const reader = this.randomUser();
      if (this.sequences[reader]! > 0) this.writer.read(reader, this.sequences[reader]!);
    }
  }

  private randomUser(): number {
    this.random ^= this.random << 13;
    this.random ^= this.random >>> 17;
    this.random ^= this.random << 5;
    return 1 + ((this.random >>> 0) % this.userCount);
  }
}

/** Bytes that this process has sent to the disk, or undefined where the system does not tell. */
function writtenBytes(): number {
  if (!existsSync('/proc/self/io')) return NaN;
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'latin1'))?.[1]);
}

function apply(tables: Tables, chatter: Chatter): number {
  const words = chatter.writer.taken();
  chatter.writer.clear();
  const upTo = tables.applied + words.length;
  tables.apply(words, upTo, startAtMs);
  return upTo;
}

async function measureApply(userCount: number, runMiB: number, seconds: number): Promise<Figures> {
  const folder = new TemporaryFolder();
  const tables = await Tables.open(folder.file('tables'));
  const chatter = new Chatter(userCount);
  chatter.createUsers();
  apply(tables, chatter);
  const until = performance.now() + seconds * 1_000;
  const writtenBefore = writtenBytes();
  let [cpuMicroseconds, wallMicroseconds] = [0, 0];
  do {
    chatter.chat(runMiB * 1_048_576, true);
    const [cpuBefore, wallBefore] = [process.cpuUsage(), performance.now()];
    apply(tables, chatter);
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuMicroseconds += user + system;
    wallMicroseconds += (performance.now() - wallBefore) * 1_000;
  } while (performance.now() < until);
  const figures = {
    name: `${userCount} users, runs of ${runMiB} MiB`,
    messageCount: chatter.messageCount,
    cpuMicroseconds,
    wallMicroseconds,
    writtenBytes: writtenBytes() - writtenBefore,
    fileBytes: statSync(path.join(folder.file('tables'), 'data.mdb')).size,
  };
  await tables.close();
  folder.remove();
  return figures;
}

function describe(figures: Figures): string {
  const cpu = figures.cpuMicroseconds / figures.messageCount;
  const parts = [
    figures.name,
    `${figures.messageCount} messages`,
    `${cpu.toFixed(2)} us of processor and ${(figures.wallMicroseconds / figures.messageCount).toFixed(2)} us a message`,
    `${((cpu * messagesPerSecond) / 10_000).toFixed(1)} % of a core at ${messagesPerSecond}/s`,
    `${(figures.writtenBytes / figures.messageCount).toFixed(0)} B written and ` +
      `${(figures.fileBytes / figures.messageCount).toFixed(0)} B kept a message`,
  ];
  return parts.join(' · ');
}

async function measureStart(userCount: number, unreadCount: number): Promise<string> {
  const folder = new TemporaryFolder();
  const tables = await Tables.open(folder.file('tables'));
  const chatter = new Chatter(userCount);
  chatter.createUsers();
  apply(tables, chatter);
  while (chatter.messageCount < unreadCount) {
    chatter.chat(4 * 1_048_576, false);
    apply(tables, chatter);
  }
  await tables.close();
  const begin = performance.now();
  const reopened = await Tables.open(folder.file('tables'));
  let users = 0;
  for (const { user } of reopened.users()) users += user > 0 ? 1 : 0;
  const usersEnd = performance.now();
  let [messages, textBytes] = [0, 0];
  for (const { text } of reopened.unread()) {
    messages += 1;
    textBytes += text.length;
  }
  const end = performance.now();
  await reopened.close();
  folder.remove();
  return (
    `start: ${users} users in ${(usersEnd - begin).toFixed(0)} ms, ` +
    `${messages} unread messages of ${textBytes} B in ${(end - usersEnd).toFixed(0)} ms`
  );
}

async function main(seconds: number): Promise<void> {
  for (const userCount of [3, 10_000])
    for (const runMiB of [1, 4, 16])
      process.stdout.write(`${describe(await measureApply(userCount, runMiB, seconds))}\n`);
  process.stdout.write(`${await measureStart(100_000, 1_000_000)}\n`);
}

void main(Number(process.argv[2] ?? 4));
