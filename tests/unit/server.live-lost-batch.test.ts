// Goal: what a thread committed and could not note before it died is sent to subscribers before anything newer is.
import { createBatchArea, openBatchSlots } from '../../shared/batch/batch-area';
import { deliveryKind } from '../../shared/batch/delivery-area';
import { AsciiBytes } from '../../shared/protocol/reply-writer';
import { capacityFor } from '../../shared/store/capacity';
import { Memory } from '../../shared/store/memory';
import { createStore } from '../../shared/store/store';
import { SubscriptionFlags } from '../../shared/store/subscription-flags';
import { Dispatcher, type RequestSource } from '../../server/dispatcher';
import { Live } from '../../server/live/live';

const user = 7;

function oneLine(): RequestSource {
  let lines: Buffer | undefined = Buffer.from('send\n');
  return {
    takeLines: () => {
      const taken = lines;
      lines = undefined;
      return taken;
    },
    complete: () => undefined,
    completeUnknown: () => undefined,
  };
}

test('a message of a dead thread’s batch comes before a newer one of another batch', async () => {
  const inbox = [1, 2];
  let stored = 0;
  let text = '';
  const live = new Live(new SubscriptionFlags(new Memory(createStore(capacityFor(1, 1, 10)))), {
    catchUp: ({ after }) => {
      const found = inbox.slice(0, stored).filter((sequence) => sequence > after);
      const frames = found.map((sequence) => `${sequence} `).join('');
      const through = Math.max(after, stored);
      return Promise.resolve({ frames, through, more: false, rooms: [], roomsAsOf: 0, position: undefined });
    },
    areValid: (tokens) => Promise.resolve(tokens.map(() => true)),
    onFailure: (error) => {
      throw error;
    },
  });
  const sink = { push: (frames: string) => ((text += frames), true) };
  live.subscribe(sink, { reply: '', user, token: new Int32Array(4) });
  await new Promise(setImmediate);

  const slots = openBatchSlots(createBatchArea(3));
  const running: { resolve: (result: undefined) => void; reject: (error: Error) => void; slot: number }[] =
    [];
  const run = (slot: number): Promise<undefined> =>
    new Promise((resolve, reject) => running.push({ slot, resolve, reject }));
  const gate = {
    hold: (_position: number, release: () => void): void => {
      release();
    },
  };
  const dispatcher = new Dispatcher(slots, 1_024, run, gate, live, () => undefined);
  // So many that they are two batches.
  for (let index = 0; index < 512; index += 1) dispatcher.enqueue(oneLine());
  await new Promise(setImmediate);
  const [dying, other] = running;
  stored = inbox.length;
  slots[dying!.slot]!.begin(0);
  const { deliveries } = slots[other!.slot]!;
  deliveries.begin(deliveryKind.message, user, 1, 2)!.bytes(new AsciiBytes('2 '));
  deliveries.end(0);
  other!.resolve(undefined);
  await new Promise(setImmediate);
  expect(text).toBe('');
  dying!.reject(new Error('the thread died'));
  await new Promise(setImmediate);
  expect(text).toBe('1 2 ');
});
