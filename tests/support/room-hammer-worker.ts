/** One of several threads that make users join, leave, speak and read in a few rooms at once, and keep books of it. */
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { Store } from '../../shared/store/store';
import { takeMessages } from './inbox-collector';
import { JitteryMemory } from './jittery-memory';
import { RandomNumbers } from './random-numbers';
import { joinRoom, membersOf, roomsOf, sendToRoom } from './room-values';
import { filledText, nameOf, textOf } from './store-values';
import { ThreadBarrier } from './thread-barrier';

export interface RoomHammerRequest {
  readonly store: SharedArrayBuffer;
  readonly barrier: SharedArrayBuffer;
  /** One word a user: numbers its takes, while its inbox and rooms are locked. */
  readonly tickets: SharedArrayBuffer;
  readonly threads: number;
  /** From 0. */
  readonly thread: number;
  /** Users 1 to so many; the first is in all rooms and never leaves. */
  readonly users: number;
  readonly rooms: readonly string[];
  readonly operations: number;
  readonly seed: number;
  readonly accessesPerPause: number;
}

/** A message is known by its sending thread and its number among all that the thread has sent. */
export type RoomMessage = readonly [thread: number, number: number];

export interface RoomTake {
  readonly user: number;
  readonly ticket: number;
  readonly messages: readonly RoomMessage[];
}

export interface RoomHammerAnswer {
  readonly takes: readonly RoomTake[];
  /** What the first user must get: all that was said in rooms by others, or sent to it. */
  readonly forFirst: readonly RoomMessage[];
  readonly outcomes: Readonly<Record<string, number>>;
  readonly longWaits: number;
}

const nowMs = 1;

class RoomHammer {
  private readonly random: RandomNumbers;
  private readonly store: Store;
  private readonly tickets: Int32Array;
  private readonly takes: RoomTake[] = [];
  private readonly forFirst: RoomMessage[] = [];
  private readonly outcomes: Record<string, number> = {};
  private sent = 0;
  private longWaits = 0;

  constructor(private readonly request: RoomHammerRequest) {
    this.random = new RandomNumbers(request.seed * 89 + request.thread);
    const memory = new JitteryMemory(request.store, this.random, request.accessesPerPause);
    this.store = Store.attach(memory, threadId, () => {
      this.longWaits += 1;
    });
    this.tickets = new Int32Array(request.tickets);
  }

  run(): RoomHammerAnswer {
    const { barrier, threads, operations } = this.request;
    new ThreadBarrier(barrier, threads).pass();
    for (let count = 0; count < operations; count += 1) this.step();
    const { takes, forFirst, outcomes, longWaits } = this;
    return { takes, forFirst, outcomes, longWaits };
  }

  private step(): void {
    const { store, random } = this;
    const user = 1 + random.below(this.request.users);
    const room = random.of(this.request.rooms);
    const chance = random.below(100);
    if (chance < 40) this.say(user, room);
    else if (chance < 50) this.send(user);
    else if (chance < 70) this.take(user);
    else if (chance < 84) this.note('join', joinRoom(store, user, room));
    else if (chance < 90) this.leave(user, room);
    else if (chance < 94) this.remove(user, room);
    else this.look(user, room);
  }

  private say(user: number, room: string): void {
    const outcome = sendToRoom(this.store, user, room, this.nextText());
    if (outcome === 'OK' && user !== 1) this.forFirst.push([this.request.thread, this.sent]);
    this.sent += 1;
    this.note('say', outcome);
  }

  private send(user: number): void {
    const outcome = this.store.mail.send(user, nameOf('user-1'), textOf(this.nextText()), nowMs);
    if (outcome === 'OK') this.forFirst.push([this.request.thread, this.sent]);
    this.sent += 1;
    this.note('send', outcome);
  }

  private nextText(): string {
    return filledText(`${this.request.thread}.${this.sent}`, this.random.of([12, 90, 300, 2_000]));
  }

  private take(user: number): void {
    let ticket = -1;
    const onFirst = (): void => {
      ticket = Atomics.add(this.tickets, user - 1, 1);
    };
    const messagesMax = this.random.of([3, 20, 10_000]);
    const messages = takeMessages(this.store, user, { messagesMax, onFirst }).map(({ text }): RoomMessage => {
      const [thread, number] = text.slice(0, text.indexOf(':')).split('.').map(Number);
      if (text !== filledText(`${thread}.${number}`, text.length)) throw new Error(`damaged: ${text}`);
      return [thread!, number!];
    });
    if (messages.length > 0) this.takes.push({ user, ticket, messages });
    this.note('take', messages.length > 0 ? 'some' : 'none');
  }

  private leave(user: number, room: string): void {
    if (user !== 1) this.note('leave', this.store.rooms.leave(user, nameOf(room), nowMs));
  }

  /** By the first user, who owns the rooms. */
  private remove(user: number, room: string): void {
    const name = nameOf(`user-${user}`);
    if (user !== 1) this.note('remove', this.store.rooms.remove(1, nameOf(room), name, nowMs));
  }

  private look(user: number, room: string): void {
    const rooms = roomsOf(this.store, user);
    const members = membersOf(this.store, user, room);
    const isWhole =
      rooms.every(({ owner, memberCount }) => owner === 1 && memberCount > 0) &&
      (typeof members === 'string' || (members[0] === 1 && new Set(members).size === members.length));
    if (!isWhole) throw new Error(`user ${user}: ${JSON.stringify(rooms)}, ${room}: ${String(members)}`);
    this.note('look', typeof members === 'string' ? members : 'OK');
  }

  private note(operation: string, outcome: string): void {
    const key = `${operation} ${outcome}`;
    this.outcomes[key] = (this.outcomes[key] ?? 0) + 1;
  }
}

parentPort!.postMessage(new RoomHammer(workerData as RoomHammerRequest).run());
