/** Works on a store without end, until it is terminated; notes each message that was accepted in shared memory. */
import { threadId, workerData } from 'node:worker_threads';
import { Store } from '../../shared/store/store';
import { takeMessages } from './inbox-collector';
import { JitteryMemory } from './jittery-memory';
import { RandomNumbers } from './random-numbers';
import { joinRoom, sendToRoom } from './room-values';
import { filledText, nameOf, textOf, tokenOf } from './store-values';

export interface VictimRequest {
  readonly store: SharedArrayBuffer;
  /** A word for each receiver: how many of this thread's messages were accepted; then one: its long waits. */
  readonly accepted: SharedArrayBuffer;
  /** Different for every thread that ever lived. */
  readonly victim: number;
  readonly receivers: number;
  readonly accessesPerPause: number;
}

class Victim {
  private readonly accepted: Int32Array;
  private readonly random: RandomNumbers;
  private readonly store: Store;
  private nextToken: number;

  constructor(private readonly request: VictimRequest) {
    this.accepted = new Int32Array(request.accepted);
    this.random = new RandomNumbers(request.victim);
    const memory = new JitteryMemory(request.store, this.random, request.accessesPerPause);
    this.store = Store.attach(memory, threadId, () => {
      Atomics.add(this.accepted, request.receivers, 1);
    });
    this.nextToken = request.victim * 100_000;
  }

  step(): void {
    if (this.random.below(2) === 0) this.send(this.random.below(this.request.receivers));
    else this.disturb();
  }

  private send(receiver: number): void {
    const number = Atomics.load(this.accepted, receiver);
    const text = filledText(`${this.request.victim}.${number}`, this.random.of([16, 120, 400]));
    const outcome = this.store.mail.send(1, nameOf(`receiver-${receiver}`), textOf(text), 1);
    if (outcome !== 'OK') throw new Error(`a message was refused: ${outcome}`);
    Atomics.store(this.accepted, receiver, number + 1);
  }

  /** Everything else, on a user whose state nobody keeps books of. */
  private disturb(): void {
    const { store } = this;
    const name = nameOf('scratch');
    const checked = store.credentialsOf(name)!;
    const tokens = [this.nextToken, this.nextToken + 1].map(tokenOf);
    this.nextToken += 2;
    for (const token of tokens) store.openSession(checked, token, 1);
    store.changePassword(checked, textOf(filledText('hash', this.random.of([20, 200]))), tokens[0]!);
    this.disturbRoom(checked.user);
    store.mail.send(1, name, textOf(filledText('scratch', this.random.of([10, 3_000]))), 1);
    if (this.random.below(3) === 0) takeMessages(store, checked.user, { messagesMax: 50 });
    store.renewPasswordHash(store.credentialsOf(name)!, textOf('renewed'));
    for (const token of tokens) store.closeSession(token);
  }

  /** Rooms that come and go with their only member, and what was said in them with them. */
  private disturbRoom(user: number): void {
    const rooms = ['one', 'two', 'three'];
    for (const room of rooms) {
      joinRoom(this.store, user, room);
      sendToRoom(this.store, user, room, filledText('said', this.random.of([10, 500])));
    }
    this.store.rooms.leave(user, nameOf(this.random.of(rooms)), 1);
  }
}

const victim = new Victim(workerData as VictimRequest);
for (;;) victim.step();
