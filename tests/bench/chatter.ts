/** Records of users who talk to each other at random, as a busy server would leave them in its journal. */
import { RecordWriter } from '../support/record-writer';

export const chatStartMs = 1_750_000_000_000;
const messageText = 'Sampai jumpa besok pagi di stasiun.';
/** For the times of messages. */
const messagesPerSecond = 80_000;
/** As in the chat workload of the load test. */
const sendsPerRead = 15;
const passwordHash = `$argon2id$v=19$m=19456,t=2,p=1$${'x'.repeat(66)}`;

export class Chatter {
  readonly writer = new RecordWriter();
  private readonly newest: Float64Array;
  private random = 0x2545f491;
  messageCount = 0;

  /** `talking`: how many of the users, from the first on, take part. All of them to begin with. */
  constructor(
    private readonly userCount: number,
    public talking = userCount,
  ) {
    this.newest = new Float64Array(userCount + 1);
  }

  createUsers(): void {
    for (let user = 1; user <= this.userCount; user += 1)
      this.writer.userCreated(user, chatStartMs, `user${user}`, `User ${user}`, passwordHash);
  }

  /** Messages, and reads unless `isRead` is false, until so many bytes of records, or messages ever, are there. */
  chat(recordBytes: number, isRead: boolean, messagesMax = Infinity): void {
    while (this.writer.length * 4 < recordBytes && this.messageCount < messagesMax) {
      const [sender, receiver] = [this.randomUser(), this.randomUser()];
      this.messageCount += 1;
      // Nothing else takes a sequence here.
      const sequence = this.messageCount;
      this.newest[receiver] = sequence;
      const atMs = chatStartMs + Math.floor((sequence / messagesPerSecond) * 1_000);
      this.writer.message(receiver, sender, sequence, atMs, messageText);
      if (!isRead || sequence % sendsPerRead !== 0) continue;
      const reader = this.randomUser();
      if (this.newest[reader]! > 0) this.writer.read(reader, this.newest[reader]!);
    }
  }

  /** What was said since the last time. */
  taken(): Int32Array {
    const words = this.writer.taken();
    this.writer.clear();
    return words;
  }

  private randomUser(): number {
    this.random ^= this.random << 13;
    this.random ^= this.random >>> 17;
    this.random ^= this.random << 5;
    return 1 + ((this.random >>> 0) % this.talking);
  }
}
