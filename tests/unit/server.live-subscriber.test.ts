/** Goal: whatever the order of deliveries and catching up, a subscriber is sent every message once and in order. */
import fc from 'fast-check';
import { type Delivery, deliveryKind } from '../../shared/batch/delivery-area';
import { DeliveryQueue, mergeRuns } from '../../server/live/delivery-queue';
import { Subscriber } from '../../server/live/subscriber';

const user = 7;

function message(sequence: number, target = user, sender = 1): Delivery {
  return {
    kind: deliveryKind.message,
    target,
    user: sender,
    sequence,
    source: undefined,
    frame: `${sequence} `,
  };
}

/** A connection that can be told to be slow. */
class Sink {
  text = '';
  isFast = true;

  push(frames: string): boolean {
    this.text += frames;
    return this.isFast;
  }

  get sequences(): number[] {
    return this.text.split(' ').filter(Boolean).map(Number);
  }
}

function createSubscriber(): { sink: Sink; subscriber: Subscriber } {
  const sink = new Sink();
  return { sink, subscriber: new Subscriber(sink, user, new Int32Array(4)) };
}

/** What a worker finds of messages 1 to `newest`. */
function found(
  after: number,
  newest: number,
  max = Infinity,
): { frames: string; through: number; more: boolean } {
  const end = Math.min(newest, after + max);
  let frames = '';
  for (let sequence = after + 1; sequence <= end; sequence += 1) frames += `${sequence} `;
  return { frames, through: end, more: end < newest };
}

test('what comes while catching up is sent after it, once', () => {
  const { sink, subscriber } = createSubscriber();
  subscriber.beginCatchingUp('');
  for (const sequence of [2, 3, 4]) subscriber.take(message(sequence));
  expect(sink.text).toBe('');
  expect(subscriber.endCatchingUp({ ...found(0, 3), rooms: [], roomsAsOf: 0, position: undefined })).toBe(
    false,
  );
  expect(sink.sequences).toEqual([1, 2, 3, 4]);
  subscriber.take(message(5));
  subscriber.flush();
  expect(sink.sequences).toEqual([1, 2, 3, 4, 5]);
});

test('more messages than are kept make it catch up once more', () => {
  const { sink, subscriber } = createSubscriber();
  subscriber.beginCatchingUp('');
  for (let sequence = 2; sequence <= 3_000; sequence += 1) subscriber.take(message(sequence));
  expect(subscriber.endCatchingUp({ ...found(0, 1), rooms: [], roomsAsOf: 0, position: undefined })).toBe(
    true,
  );
  expect(subscriber.endCatchingUp({ ...found(1, 3_000), rooms: [], roomsAsOf: 0, position: undefined })).toBe(
    false,
  );
  expect(sink.sequences).toEqual(Array.from({ length: 3_000 }, (_, index) => index + 1));
});

test('a client that does not read gets nothing more until it does, and then what it missed', () => {
  const { sink, subscriber } = createSubscriber();
  subscriber.beginCatchingUp('');
  subscriber.endCatchingUp({ ...found(0, 1), rooms: [], roomsAsOf: 0, position: undefined });
  sink.isFast = false;
  subscriber.take(message(2));
  subscriber.flush();
  expect(subscriber.isBehind).toBe(true);
  subscriber.take(message(3));
  subscriber.flush();
  expect(sink.sequences).toEqual([1, 2]);
  sink.isFast = true;
  subscriber.beginCatchingUp('');
  subscriber.endCatchingUp({ ...found(2, 3), rooms: [], roomsAsOf: 0, position: undefined });
  expect(sink.sequences).toEqual([1, 2, 3]);
});

test('what one says in a room is not sent to oneself; to others it is, while they are members', () => {
  const { sink, subscriber } = createSubscriber();
  subscriber.beginCatchingUp('');
  subscriber.take({ ...message(1, -5), kind: deliveryKind.left, user, frame: '' });
  subscriber.take(message(2, -5));
  subscriber.take(message(3, -6));
  subscriber.rooms = subscriber.roomsAfter({
    ...found(0, 0),
    rooms: [5, 6],
    roomsAsOf: 0,
    position: undefined,
  });
  expect([...subscriber.rooms]).toEqual([6]);
  subscriber.endCatchingUp({ ...found(0, 0), rooms: [5, 6], roomsAsOf: 0, position: undefined });
  subscriber.take(message(4, -6, user));
  subscriber.flush();
  expect(sink.sequences).toEqual([3]);
});

test('any interleaving of deliveries, catching up and slowness: once, in order, nothing missing', () => {
  const step = fc.constantFrom('deliver', 'deliver', 'deliverThree', 'look', 'answer', 'slow', 'fast');
  fc.assert(
    fc.property(fc.array(step, { maxLength: 120 }), fc.integer({ min: 1, max: 5 }), (steps, pageMax) => {
      const { sink, subscriber } = createSubscriber();
      let newest = 0;
      let looked: ReturnType<typeof found> | undefined;
      let isCatchingUp = subscriber.beginCatchingUp('');
      const answer = (): void => {
        if (looked === undefined) return;
        isCatchingUp = subscriber.endCatchingUp({ ...looked, rooms: [], roomsAsOf: 0, position: undefined });
        looked = undefined;
      };
      const look = (): void => {
        if (isCatchingUp && looked === undefined) looked = found(subscriber.cursor, newest, pageMax);
      };
      const actions = {
        deliver: () => {
          newest += 1;
          if (subscriber.take(message(newest))) subscriber.flush();
        },
        deliverThree: () => {
          newest += 3;
          const three = [newest - 2, newest - 1, newest].map((sequence) => message(sequence));
          for (const run of mergeRuns(three)) if (subscriber.take(run)) subscriber.flush();
        },
        look,
        answer,
        slow: () => {
          sink.isFast = false;
        },
        fast: () => {
          sink.isFast = true;
          if (subscriber.isBehind) isCatchingUp = subscriber.beginCatchingUp('');
        },
      };
      for (const each of steps) actions[each]();
      actions.fast();
      while (isCatchingUp) {
        look();
        answer();
      }
      expect(sink.sequences).toEqual(Array.from({ length: newest }, (_, index) => index + 1));
    }),
  );
});

test('deliveries leave in order of sequence, however their batches end', () => {
  const batchCounts = fc.array(fc.array(fc.nat({ max: 3 }), { maxLength: 4 }), { maxLength: 12 });
  fc.assert(
    fc.property(batchCounts, fc.infiniteStream(fc.nat()), (rounds, choices) => {
      const released: number[] = [];
      const queue = new DeliveryQueue((deliveries) =>
        released.push(...deliveries.map(({ sequence }) => sequence)),
      );
      let sequence = 0;
      const open: { batch: ReturnType<DeliveryQueue['begin']>; deliveries: Delivery[] }[] = [];
      const choose = (count: number): number => choices.next().value! % count;
      const endOne = (): void => {
        const [{ batch, deliveries }] = open.splice(choose(open.length), 1) as [(typeof open)[number]];
        queue.end(batch, deliveries);
      };
      for (const counts of rounds) {
        open.push({ batch: queue.begin(sequence), deliveries: [] });
        for (const count of counts) {
          for (let index = 0; index < count; index += 1) {
            sequence += 1;
            open[choose(open.length)]!.deliveries.push(message(sequence));
          }
          if (open.length > 1 && count === 0) endOne();
        }
      }
      while (open.length > 0) endOne();
      expect(released).toEqual(Array.from({ length: sequence }, (_, index) => index + 1));
    }),
  );
});

test('a message that waits for the disk comes before the word that another device has read it', () => {
  const released: Delivery[] = [];
  const queue = new DeliveryQueue((deliveries) => released.push(...deliveries));
  const sending = queue.begin(0);
  const reading = queue.begin(2);
  const read: Delivery = { ...message(2), kind: deliveryKind.read, frame: 'read 2' };
  // An `inbox` does not wait for the disk.
  queue.end(reading, [read]);
  expect(released).toEqual([]);
  queue.end(sending, [message(1), message(2)]);
  expect(released).toEqual([message(1), message(2), read]);
});
