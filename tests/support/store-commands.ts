/** Commands for model-based tests: each is carried out on the store and on the model, and the answers compared. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { messageBlockCount, textBlockCount } from '../../shared/store/block-pool';
import type { CheckedUser, Store } from '../../shared/store/store';
import { AuditedCommand, type StoreCommand } from './audited-command';
import { InboxCollector } from './inbox-collector';
import { mailCommands } from './mail-commands';
import { roomCommands } from './room-commands';
import { groupBySender, type ModelUser, type StoreModel } from './store-model';
import { activeUsers } from './store-snapshot';
import type { StoreThreads } from './store-threads';
import { filledText, nameOf, namesOfOneStripe, textOf, tokenOf } from './store-values';
import { TextRuns } from './text-runs';

/** Some share a lock stripe and a bucket. */
const names = [...namesOfOneStripe(3), 'bob', 'carol', 'dave.with_a-name-of-32-characters'.slice(0, 32)];
const tokenCount = 10;

/** A store may refuse for want of blocks, which the model has not, but never while the thread can get at enough. */
function isOutOfBlocks(outcome: string, needed: number, threads: StoreThreads, thread: number): boolean {
  if (outcome !== 'STORE_FULL') return false;
  return threads.blocksWithinReach(thread) < needed;
}

function credentials(store: Store, model: StoreModel, name: string): [ModelUser, CheckedUser] | undefined {
  const found = store.credentialsOf(nameOf(name));
  const known = model.users.get(name);
  assert.equal(found?.user, known?.user);
  assert.equal(found?.passwordHash, known?.passwordHash);
  return found === undefined || known === undefined ? undefined : [known, found];
}

/** Credentials from before the last change of the password. */
function outdated(checked: CheckedUser): CheckedUser {
  return { user: checked.user, passwordEpoch: checked.passwordEpoch - 1 };
}

const thread = fc.nat(2);
const name = fc.constantFrom(...names);
const token = fc.nat(tokenCount - 1);
const messageBytes = fc.oneof(
  { arbitrary: fc.integer({ min: 1, max: 12_288 }), weight: 2 },
  { arbitrary: fc.integer({ min: 1, max: 300 }), weight: 3 },
  { arbitrary: fc.constantFrom(1, 95, 96, 97, 220, 221, 12_287, 12_288), weight: 3 },
);
const hashBytes = fc.constantFrom(1, 97, 124, 125, 300);
const unlimited = 1e9;

const createUser = fc
  .tuple(thread, name, fc.constantFrom(0, 5, 124, 125, 768), hashBytes)
  .map(([at, username, displayBytes, bytes]) => {
    const displayName = displayBytes === 0 ? '' : filledText(`The ${username}`, displayBytes);
    const hash = filledText(`hash of ${username}`, bytes);
    const blocks = textBlockCount(displayBytes) + textBlockCount(bytes);
    return new AuditedCommand(
      `createUser ${username}, display name of ${displayBytes} bytes, hash of ${bytes}`,
      (model, store, threads) => {
        const outcome = store.createUser(nameOf(username), textOf(displayName), textOf(hash));
        if (isOutOfBlocks(outcome, blocks, threads, at)) return 'out of blocks';
        assert.equal(outcome, model.createUser(username, displayName, hash));
        assert.equal(store.userCount, model.usersEver);
        return outcome;
      },
      at,
    );
  });

const openSession = fc.tuple(thread, name, token, fc.boolean()).map(
  ([at, username, number, isStale]) =>
    new AuditedCommand(
      `openSession ${username}, token ${number}${isStale ? ', outdated' : ''}`,
      (model, store) => {
        const found = credentials(store, model, username);
        // A token is never issued twice.
        if (found === undefined || model.sessions.has(number)) return undefined;
        const [user, checked] = found;
        const outcome = store.openSession(isStale ? outdated(checked) : checked, tokenOf(number), 1);
        assert.equal(outcome, model.openSession(user, user.passwordChanges - (isStale ? 1 : 0), number));
        return outcome;
      },
      at,
    ),
);

const useSession = fc.tuple(thread, token).map(
  ([at, number]) =>
    new AuditedCommand(
      `useSession ${number}`,
      (model, store) => {
        const user = store.useSession(tokenOf(number), 2);
        assert.equal(user, model.sessions.get(number) ?? 0);
        return user === 0 ? 'BAD_SESSION' : 'OK';
      },
      at,
    ),
);

const closeSession = fc.tuple(thread, token).map(
  ([at, number]) =>
    new AuditedCommand(
      `closeSession ${number}`,
      (model, store) => {
        const outcome = store.closeSession(tokenOf(number));
        assert.equal(outcome, model.closeSession(number));
        return outcome;
      },
      at,
    ),
);

const changePassword = fc
  .tuple(thread, name, token, hashBytes, fc.boolean())
  .map(([at, username, seed, bytes, isStale]) => {
    const hash = filledText(`changed ${seed}`, bytes);
    return new AuditedCommand(
      `changePassword ${username}, kept session ${seed}, hash of ${bytes} bytes${isStale ? ', outdated' : ''}`,
      (model, store, threads) => {
        const found = credentials(store, model, username);
        if (found === undefined) return undefined;
        const [user, checked] = found;
        const own = [...model.sessions.keys()].filter((key) => model.sessions.get(key) === user.user);
        // One in four asks with a session that is not the user's, or with none.
        const kept = seed % 4 === 0 || own.length === 0 ? seed : own[seed % own.length]!;
        const outcome = store.changePassword(
          isStale ? outdated(checked) : checked,
          textOf(hash),
          tokenOf(kept),
        );
        if (isOutOfBlocks(outcome, textBlockCount(bytes), threads, at)) return 'out of blocks';
        assert.equal(
          outcome,
          model.changePassword(user, user.passwordChanges - (isStale ? 1 : 0), hash, kept),
        );
        return outcome;
      },
      at,
    );
  });

const renewPasswordHash = fc
  .tuple(thread, name, hashBytes, fc.boolean())
  .map(([at, username, bytes, isStale]) => {
    const hash = filledText('renewed', bytes);
    return new AuditedCommand(
      `renewPasswordHash ${username}, ${bytes} bytes${isStale ? ', outdated' : ''}`,
      (model, store, threads) => {
        const found = credentials(store, model, username);
        if (found === undefined) return undefined;
        const [user, checked] = found;
        const isTooMuch = threads.blocksWithinReach(at) < textBlockCount(bytes);
        store.renewPasswordHash(isStale ? outdated(checked) : checked, textOf(hash));
        if (!isTooMuch) model.renewPasswordHash(user, user.passwordChanges - (isStale ? 1 : 0), hash);
        assert.equal(store.credentialsOfUser(user.user).passwordHash, user.passwordHash);
        return isTooMuch ? 'out of blocks' : 'OK';
      },
      at,
    );
  });

const send = fc
  .tuple(thread, fc.nat(), name, messageBytes, fc.nat(99))
  .map(([at, senderSeed, receiver, bytes, label]) => {
    const text = filledText(`m${label}`, bytes);
    return new AuditedCommand(
      `send to ${receiver}, ${bytes} bytes, sender ${senderSeed}`,
      (model, store, threads) => {
        if (model.usersEver === 0) return undefined;
        const sender = (senderSeed % model.usersEver) + 1;
        const outcome = store.mail.send(sender, nameOf(receiver), textOf(text), 1_764_000_000_000);
        if (isOutOfBlocks(outcome, messageBlockCount(bytes), threads, at)) return 'out of blocks';
        assert.equal(outcome, model.send(sender, receiver, text));
        return outcome;
      },
      at,
    );
  });

/** More blocks than a stock takes back: emptying the inbox makes a magazine. */
const flood = fc.tuple(thread, name).map(([at, receiver]) => {
  const text = filledText('flood', 12_288);
  return new AuditedCommand(
    `flood ${receiver}`,
    (model, store) => {
      const hasRoom = model.capacity.blocksMax > 10_000 && model.users.has(receiver);
      for (let count = 0; hasRoom && count < 11; count += 1)
        assert.equal(
          store.mail.send(1, nameOf(receiver), textOf(text), 1_764_000_000_000),
          model.send(1, receiver, text),
        );
      return hasRoom ? 'OK' : undefined;
    },
    at,
  );
});

const takeInbox = fc
  .tuple(thread, name, fc.oneof(fc.constant(unlimited), fc.integer({ min: 0, max: 500 }), fc.nat(30_000)))
  .map(
    ([at, username, textBytesMax]) =>
      new AuditedCommand(
        `takeInbox ${username}, up to ${textBytesMax} bytes`,
        (model, store) => {
          const user = model.users.get(username);
          if (user === undefined) return undefined;
          const collector = new InboxCollector(store, { textBytesMax });
          assert.equal(store.mail.take(user.user, collector), 'OK');
          const expected = model.takeInbox(user, textBytesMax);
          assert.deepEqual(collector.bySender, groupBySender(expected));
          return user.unread.length === 0 ? 'whole' : 'prefix';
        },
        at,
      ),
  );

/** Rarely done: it takes so much with it that sequences full of it reach little else. */
const removeUser = fc.tuple(thread, name, fc.nat(3)).map(
  ([at, username, chance]) =>
    new AuditedCommand(
      `removeUser ${username}`,
      (model, store) => {
        if (chance > 0) return undefined;
        const outcome = store.removeUser(nameOf(username));
        assert.equal(outcome, model.removeUser(username));
        return outcome;
      },
      at,
    ),
);

const resetPassword = fc.tuple(thread, name, hashBytes, fc.nat(3)).map(([at, username, bytes, chance]) => {
  const hash = filledText('reset', bytes);
  return new AuditedCommand(
    `resetPassword ${username}, ${bytes} bytes`,
    (model, store, threads) => {
      if (chance > 0) return undefined;
      const outcome = store.resetPassword(nameOf(username), textOf(hash));
      if (isOutOfBlocks(outcome, textBlockCount(bytes), threads, at)) return 'out of blocks';
      assert.equal(outcome, model.resetPassword(username, hash));
      return outcome;
    },
    at,
  );
});

const look = thread.map(
  (at) =>
    new AuditedCommand(
      'look at the active users and all names',
      (model, store) => {
        assert.deepEqual(activeUsers(store), model.active);
        for (const [username, { user, displayName }] of model.users) {
          const [usernameRuns, displayRuns] = [new TextRuns(), new TextRuns()];
          store.copyName(user, usernameRuns);
          store.copyDisplayName(user, displayRuns);
          assert.deepEqual([usernameRuns.text, displayRuns.text], [username, displayName]);
          assert.equal(store.nameBytes(user), username.length);
          assert.equal(store.displayNameBytes(user), displayName.length);
        }
        return undefined;
      },
      at,
    ),
);

const replaceThread = thread.map(
  (at) =>
    new AuditedCommand(
      'ends idle and is replaced',
      (_, __, threads) => {
        threads.replace(at);
        return undefined;
      },
      at,
    ),
);

const room = roomCommands(thread, name);
const mail = mailCommands(thread, name);
const manyOf = <T>(count: number, arbitrary: T): T[] => Array.from({ length: count }, () => arbitrary);

/** Sequences of commands by three threads in random turn. */
export function storeCommands(commandsMax: number): fc.Arbitrary<Iterable<StoreCommand>> {
  return fc.commands(
    [
      ...manyOf(3, createUser),
      ...manyOf(4, openSession),
      ...manyOf(3, useSession),
      ...manyOf(2, closeSession),
      ...manyOf(4, changePassword),
      renewPasswordHash,
      ...manyOf(8, send),
      flood,
      ...manyOf(4, takeInbox),
      ...manyOf(2, mail.fetch),
      ...manyOf(3, mail.acknowledge),
      ...manyOf(4, mail.post),
      ...manyOf(4, room.join),
      ...manyOf(3, room.leave),
      ...manyOf(4, room.remove),
      ...manyOf(5, room.send),
      ...manyOf(3, room.chatter),
      ...manyOf(2, room.look),
      removeUser,
      resetPassword,
      look,
      replaceThread,
    ],
    { maxCommands: commandsMax, size: 'max' },
  );
}
