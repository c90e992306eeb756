/** Changes a store from a thread of its own, in a random order, as fast as the ring takes what it publishes. */
import { parentPort, threadId, workerData } from 'node:worker_threads';
import { Memory } from '../../shared/store/memory';
import { Store } from '../../shared/store/store';
import { InboxCollector } from './inbox-collector';
import { RandomNumbers } from './random-numbers';
import { filledText, ignoreLongWaits, keyOf, nameOf, publishedKeys, textOf, tokenOf } from './store-values';

export interface PublisherRequest {
  readonly store: SharedArrayBuffer;
  readonly publisher: number;
  /** Names of users that all publishers share, in order of their numbers. */
  readonly names: readonly string[];
  readonly operations: number;
  readonly textBytesMax: number;
  /** Only messages, each to the receiver of the publisher's own number. */
  readonly isSendOnly: boolean;
  /** How many operations one batch has: the reader is told of them at its end only. */
  readonly operationsPerBatch: number;
}

export interface PublisherAnswer {
  readonly publisher: number;
  /** Texts that were accepted, in order; of a publisher that only sends. */
  readonly accepted: readonly string[];
  readonly outcomes: Readonly<Record<string, number>>;
}

const { store: buffer, ...request } = workerData as PublisherRequest;
const random = new RandomNumbers(request.publisher + 1);
const store = Store.attach(new Memory(buffer), threadId, ignoreLongWaits);
const postedAtMs = 1_764_000_000_000;
const accepted: string[] = [];
const outcomes: Record<string, number> = {};

for (let number = 0; number < request.operations; number += 1) {
  const outcome = request.isSendOnly ? send(request.names[request.publisher]!, number) : anything(number);
  outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
  if ((number + 1) % request.operationsPerBatch === 0) store.journal.announce();
}
store.journal.announce();
const answer: PublisherAnswer = { publisher: request.publisher, accepted, outcomes };
parentPort!.postMessage(answer);

function send(receiver: string, number: number): string {
  const text = filledText(`${request.publisher}.${number}`, 12 + random.below(request.textBytesMax));
  const outcome = store.mail.send(1, nameOf(receiver), textOf(text), 1_764_000_000_000 + number);
  if (outcome === 'OK') accepted.push(text);
  return outcome;
}

/** Under a key that others use, too. */
function post(receiver: string, number: number): string {
  const text = textOf(filledText(`${request.publisher}.${number}`, 20));
  const outcome = store.mail.send(1, nameOf(receiver), text, postedAtMs, keyOf(random.of(publishedKeys)));
  return `post ${store.posts.isDuplicate ? 'again' : outcome}`;
}

function anything(number: number): string {
  const name = random.of(request.names);
  const credentials = store.credentialsOf(nameOf(name))!;
  const token = tokenOf(request.publisher * 1_000 + random.below(20));
  switch (random.below(8)) {
    case 0:
      return store.mail.take(
        credentials.user,
        new InboxCollector(store, { messagesMax: 1 + random.below(30) }),
      );
    case 1:
      // A token is never issued twice.
      if (store.useSession(token, 1) !== 0) return store.closeSession(token);
      return store.openSession(credentials, token, 1_764_000_000);
    case 2:
      return store.changePassword(credentials, textOf(`hash ${request.publisher}.${number}`), token);
    case 3:
      return post(name, number);
    default:
      return send(name, number);
  }
}
