/** Commands on single messages and idempotency keys for model-based tests: as in `store-commands.ts`. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { messageBlockCount } from '../../shared/store/block-pool';
import type { Store } from '../../shared/store/store';
import { AuditedCommand, type StoreCommand } from './audited-command';
import type { ModelMessage, ModelUser, StoreModel } from './store-model';
import { filledText, idOf, keyOf, nameOf, textOf } from './store-values';
import { TextRuns } from './text-runs';

const keys = ['k1', 'k2', 'x'.repeat(64)];
const nowMs = 1_764_000_000_000;

interface MailCommands {
  readonly fetch: fc.Arbitrary<StoreCommand>;
  readonly acknowledge: fc.Arbitrary<StoreCommand>;
  readonly post: fc.Arbitrary<StoreCommand>;
}

export function mailCommands(thread: fc.Arbitrary<number>, name: fc.Arbitrary<string>): MailCommands {
  return {
    fetch: fc.tuple(thread, name, fc.constantFrom(1, 2, 1_000)).map(
      ([at, username, messagesMax]) =>
        new AuditedCommand(
          `fetch ${username}, up to ${messagesMax}`,
          (model, store) => {
            const user = model.users.get(username);
            if (user === undefined) return undefined;
            const { hasMore } = fetchAsModel(store, model, user, messagesMax);
            return hasMore ? 'prefix' : 'whole';
          },
          at,
        ),
    ),
    acknowledge: fc.tuple(thread, name, fc.nat(20), fc.nat(9)).map(
      ([at, username, seed, chance]) =>
        new AuditedCommand(
          `acknowledge ${username}, message ${seed}`,
          (model, store) => {
            const user = model.users.get(username);
            if (user === undefined) return undefined;
            const { ids } = fetchAsModel(store, model, user, 1_000);
            const index = seed % Math.max(1, ids.length);
            const [sequence, receiver] = ids[index] ?? [1, user.user];
            if (ids.length === 0 || chance === 0) {
              for (const wrong of [idOf(sequence + 2 ** 40, user.user), idOf(sequence, user.user + 1)])
                assert.equal(store.mail.acknowledge(user.user, wrong), 'NO_SUCH_MESSAGE');
              return 'NO_SUCH_MESSAGE';
            }
            // Again, it is read already.
            for (let count = 0; count < 2; count += 1)
              assert.equal(store.mail.acknowledge(user.user, idOf(sequence, receiver)), 'OK');
            user.unread.splice(0, index + 1);
            return user.unread.length === 0 ? 'all' : 'some';
          },
          at,
        ),
    ),
    post: fc
      .tuple(thread, fc.nat(), name, fc.constantFrom(...keys), fc.constantFrom(1, 97, 3_000), fc.nat(99))
      .map(([at, senderSeed, receiver, key, bytes, label]) => {
        const text = filledText(`p${label}`, bytes);
        return new AuditedCommand(
          `post to ${receiver}, ${bytes} bytes, sender ${senderSeed}, key ${key}`,
          (model, store, threads) => {
            if (model.usersEver === 0) return undefined;
            const sender = (senderSeed % Math.min(2, model.usersEver)) + 1;
            const outcome = store.mail.send(sender, nameOf(receiver), textOf(text), nowMs, keyOf(key));
            const { delivered, isDuplicate } = store.posts;
            const known = model.posts.get(`${sender} ${key}`);
            if (known !== undefined) {
              assert.deepEqual([outcome, isDuplicate, delivered.sequence], ['OK', true, known]);
              return 'again';
            }
            if (outcome === 'STORE_FULL' && threads.blocksWithinReach(at) < messageBlockCount(bytes))
              return 'out of blocks';
            assert.equal(outcome, model.send(sender, receiver, text));
            assert.equal(isDuplicate, false);
            if (outcome === 'OK') model.posts.set(`${sender} ${key}`, delivered.sequence);
            return outcome;
          },
          at,
        );
      }),
  };
}

/** Fetches, and holds what is shown to what the model has unread. Ids are sequence and receiver. */
function fetchAsModel(
  store: Store,
  model: StoreModel,
  user: ModelUser,
  messagesMax: number,
): { readonly ids: (readonly [number, number])[]; readonly hasMore: boolean } {
  const ids: (readonly [number, number])[] = [];
  const shown: ModelMessage[] = [];
  const hasMore = store.mail.fetch(user.user, messagesMax, {
    message: ({ sequence, receiver, sender, firstBlock, textBytes }) => {
      const runs = new TextRuns();
      store.mail.copyText(firstBlock, textBytes, runs);
      ids.push([sequence, receiver]);
      const room = [...model.rooms].find(([, { number }]) => number === -receiver)?.[0];
      shown.push({ sender, text: runs.text, ...(receiver === user.user ? {} : { room: room! }) });
      return true;
    },
  });
  assert.deepEqual(shown, user.unread.slice(0, messagesMax));
  assert.equal(hasMore, user.unread.length > messagesMax);
  assert.ok(ids.every(([sequence], index) => index === 0 || sequence > ids[index - 1]![0]));
  return { ids, hasMore };
}
