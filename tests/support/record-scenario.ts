/** Turns any numbers into records that could have happened: what they name exists, what they count is next. */
import { readRecord } from '../../shared/journal/record';
import { RecordWriter } from './record-writer';
import { TableModel, tokenText } from './table-model';

/** What to do, to whom, with whom, and how much of it: reduced to what there is. */
export type ScenarioStep = readonly [action: number, first: number, second: number, amount: number];

export const scenarioNowMs = 1_750_000_000_000;

export class RecordScenario {
  private readonly writer = new RecordWriter();
  private readonly model = new TableModel();
  private readonly tokens: Int32Array[] = [];
  /** Where records begin, and where the last one ends. */
  readonly boundaries: number[] = [0];

  private constructor(userCount: number) {
    for (let user = 1; user <= userCount; user += 1) this.createUser(`user${user}`);
  }

  /** What comes of these steps. */
  static of(userCount: number, steps: readonly ScenarioStep[]): RecordScenario {
    const scenario = new RecordScenario(userCount);
    for (const step of steps) scenario.step(step);
    return scenario;
  }

  get words(): Int32Array {
    return this.writer.taken();
  }

  private step([action, first, second, amount]: ScenarioStep): void {
    const live = [...this.model.users.values()].filter(({ removed }) => !removed).map(({ user }) => user);
    const user = live[first % live.length]!;
    const other = live[second % live.length]!;
    switch (action % 24) {
      case 0:
        this.openSession(user, amount);
        return;
      case 1:
        if (this.tokens.length > 0)
          this.add(this.writer.sessionClosed(this.tokens[first % this.tokens.length]!));
        return;
      case 2:
        this.add(this.writer.passwordRenewed(user, `renewed${amount}`));
        return;
      case 3:
        this.changePassword(user, amount);
        return;
      case 4:
        if (amount % 4 === 0 && live.length > 2) this.replaceUser(user);
        return;
      case 5:
      case 6:
      case 7:
        this.read(user, amount);
        return;
      case 16:
      case 17:
        this.enter(user, second, amount);
        return;
      case 18:
        if (amount % 3 === 0) this.leave(user, second);
        return;
      case 19:
      case 20:
      case 21:
        this.sendToRoom(user, second, amount);
        return;
      default:
        this.send(user, other, amount);
    }
  }

  private createUser(name: string): void {
    const user = this.model.users.size + 1;
    this.add(this.writer.userCreated(user, scenarioNowMs, name, `Nama ${name} \\u00e9`, `hash${user}`));
  }

  /** The same name again is another user. */
  private replaceUser(user: number): void {
    const { username } = this.model.users.get(user)!;
    this.add(this.writer.userRemoved(user));
    this.createUser(username);
  }

  private openSession(user: number, amount: number): void {
    const count = this.tokens.length + 1;
    const token = Int32Array.of(Math.imul(count, 0x9e3779b1), user, -count, amount);
    this.tokens.push(token);
    this.add(this.writer.sessionOpened(token, user, 1_750_000_000 + amount));
  }

  private changePassword(user: number, amount: number): void {
    const own = this.tokens.filter((token) => this.model.sessions.get(tokenText(token))?.user === user);
    if (own.length === 0) return;
    this.add(this.writer.passwordChanged(user, `changed${amount}`, own[amount % own.length]!));
  }

  /** Up to a message of one's own, or up to any other, which may lie between those, or far ahead in a room. */
  private read(user: number, amount: number): void {
    const unread = this.model.unread.get(user) ?? [];
    if (unread.length > 0 && amount % 2 === 0)
      this.add(this.writer.read(user, unread[amount % unread.length]!.sequence));
    else if (this.model.sequence > 0)
      this.add(this.writer.read(user, Math.ceil((this.model.sequence * (1 + (amount % 8))) / 8)));
  }

  /** Joins a room, or creates one. */
  private enter(user: number, choice: number, amount: number): void {
    const { rooms } = this.model;
    const live = rooms.rooms();
    const found = live[choice % (live.length + 1)]?.room;
    const sequence = this.nextSequence(amount);
    const atMs = scenarioNowMs + amount;
    if (found === undefined) {
      const room = rooms.newestRoom + 1;
      this.add(this.writer.roomCreated(room, user, sequence, atMs, `room${room}`));
    } else if (!rooms.roomsOf(user).includes(found)) {
      this.add(this.writer.roomJoined(found, user, sequence, atMs));
    }
  }

  private leave(user: number, choice: number): void {
    const rooms = this.model.rooms.roomsOf(user);
    if (rooms.length === 0) return;
    this.add(
      this.writer.roomLeft(rooms[choice % rooms.length]!, user, this.nextSequence(choice), scenarioNowMs),
    );
  }

  private sendToRoom(sender: number, choice: number, amount: number): void {
    const rooms = this.model.rooms.roomsOf(sender);
    if (rooms.length > 0) this.send(sender, -rooms[choice % rooms.length]!, amount);
  }

  /** One message, or as many as make a conversation loud, or one that hardly fits; with a key or without. */
  private send(sender: number, receiver: number, amount: number): void {
    const count = amount % 7 === 0 ? 20 : 1;
    const textBytes = amount % 31 === 0 ? 12_288 : amount % 90;
    for (let index = 0; index < count; index += 1) {
      const sequence = this.nextSequence(amount);
      const text = `${index}`.padStart(count > 1 ? 3 : textBytes, '.');
      const key = amount % 5 === 0 ? `key-${sequence}`.padEnd(1 + (amount % 64), '.') : '';
      const atMs = scenarioNowMs + this.boundaries.length;
      this.add(this.writer.message(receiver, sender, sequence, atMs, text, key));
    }
  }

  /** Mostly the next; at times much is left out, as a start does. */
  private nextSequence(amount: number): number {
    return this.model.sequence + (amount % 50 === 0 ? 2 ** 33 : 1 + (amount % 3));
  }

  private add(writer: RecordWriter): void {
    const at = this.boundaries.at(-1)!;
    const record = readRecord(writer.recordAt(at), 0);
    this.model.apply(record!);
    this.boundaries.push(writer.length);
  }
}

/** The model of everything before a position. */
export function modelUpTo(words: Int32Array, position: number): TableModel {
  const model = new TableModel();
  for (let at = 0; at < position; at += words[at]!) model.apply(readRecord(words, at)!);
  return model;
}

/** Steps from a seed, for where no generator is at hand. */
export function seededSteps(seed: number, count: number): ScenarioStep[] {
  let random = seed | 1;
  const next = (): number => {
    random ^= random << 13;
    random ^= random >>> 17;
    random ^= random << 5;
    return (random >>> 0) % 1_000;
  };
  return Array.from({ length: count }, () => [next(), next(), next(), next()] as const);
}
