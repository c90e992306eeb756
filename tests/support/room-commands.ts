/** Commands on rooms for model-based tests: as in `store-commands.ts`. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { messageBlockCount } from '../../shared/store/block-pool';
import type { Store } from '../../shared/store/store';
import { AuditedCommand, type StoreCommand } from './audited-command';
import { InboxCollector } from './inbox-collector';
import { joinRoom, membersOf, roomsOf, sendToRoom } from './room-values';
import { groupBySender, type ModelUser, type StoreModel } from './store-model';
import { filledText, nameOf } from './store-values';

const rooms = ['tim', 'tim-2', 'gol', 'a-room.with_a-name-of-32-characters'.slice(0, 32)];

/** `names` are those of the users; `others` chooses, by chance, whether a rare command does something. */
export function roomCommands(thread: fc.Arbitrary<number>, name: fc.Arbitrary<string>): RoomCommands {
  const room = fc.constantFrom(...rooms);
  return {
    join: fc.tuple(thread, name, room).map(([at, username, roomName]) =>
      asUser(at, username, `joinRoom ${roomName} as ${username}`, (user, model, store) => {
        const outcome = joinRoom(store, user.user, roomName);
        assert.equal(outcome, model.joinRoom(user, roomName));
        return outcome;
      }),
    ),
    leave: fc.tuple(thread, name, room).map(([at, username, roomName]) =>
      asUser(at, username, `leaveRoom ${roomName} as ${username}`, (user, model, store) => {
        const outcome = store.rooms.leave(user.user, nameOf(roomName), 1);
        assert.equal(outcome, model.leaveRoom(user, roomName));
        return outcome;
      }),
    ),
    /** Two in three are the owner's, where the room has one. */
    remove: fc.tuple(thread, name, room, name, fc.nat(2)).map(([at, username, roomName, member, chance]) =>
      asUser(at, username, `removeMember ${member} of ${roomName} as ${username}`, (user, model, store) => {
        const owner = model.rooms.get(roomName)?.owner;
        const actor = [...model.users.values()].find((other) => chance > 0 && other.user === owner) ?? user;
        const outcome = store.rooms.remove(actor.user, nameOf(roomName), nameOf(member), 1);
        assert.equal(outcome, model.removeMember(actor, roomName, member));
        return outcome;
      }),
    ),
    send: fc
      .tuple(thread, name, room, fc.constantFrom(1, 96, 97, 300, 3_000), fc.nat(99))
      .map(([at, username, roomName, bytes, label]) =>
        asUser(
          at,
          username,
          `sendToRoom ${roomName} as ${username}, ${bytes} bytes`,
          (user, model, store, blocks) => {
            const text = filledText(`r${label}`, bytes);
            const outcome = sendToRoom(store, user.user, roomName, text);
            if (outcome === 'STORE_FULL' && blocks < messageBlockCount(bytes)) return 'out of blocks';
            assert.equal(outcome, model.sendToRoom(user, roomName, text));
            return outcome;
          },
        ),
      ),
    /** A message and its reading, again and again: now and then what all have read is dropped. */
    chatter: fc.tuple(thread, name, room).map(([at, username, roomName]) =>
      asUser(at, username, `chatter in ${roomName} as ${username}`, (user, model, store) => {
        if (!user.rooms.includes(roomName) || model.capacity.blocksMax < 1_000) return undefined;
        for (let count = 0; count < 70; count += 1) {
          assert.equal(sendToRoom(store, user.user, roomName, `${count}`), 'OK');
          model.sendToRoom(user, roomName, `${count}`);
          for (const other of model.users.values()) {
            if (other.user === user.user || count % 5 !== 0) continue;
            const collector = new InboxCollector(store);
            store.mail.take(other.user, collector);
            assert.deepEqual(collector.bySender, groupBySender(model.takeInbox(other, Infinity)));
          }
        }
        return 'OK';
      }),
    ),
    look: thread.map(
      (at) =>
        new AuditedCommand(
          'look at all rooms',
          (model, store) => {
            for (const user of model.users.values()) {
              const expected = user.rooms.map((roomName) => {
                const { number, owner, members } = model.rooms.get(roomName)!;
                return { name: roomName, number, owner, memberCount: members.length };
              });
              assert.deepEqual(roomsOf(store, user.user), expected);
              for (const roomName of user.rooms) {
                const { members } = model.rooms.get(roomName)!;
                assert.deepEqual(membersOf(store, user.user, roomName), members);
              }
            }
            return undefined;
          },
          at,
        ),
    ),
  };
}

export interface RoomCommands {
  readonly join: fc.Arbitrary<StoreCommand>;
  readonly leave: fc.Arbitrary<StoreCommand>;
  readonly remove: fc.Arbitrary<StoreCommand>;
  readonly send: fc.Arbitrary<StoreCommand>;
  readonly chatter: fc.Arbitrary<StoreCommand>;
  readonly look: fc.Arbitrary<StoreCommand>;
}

/** Does nothing where there is no such user. `blocks` are those that the thread can get at. */
function asUser(
  at: number,
  username: string,
  description: string,
  carryOut: (user: ModelUser, model: StoreModel, store: Store, blocks: number) => string | undefined,
): StoreCommand {
  return new AuditedCommand(
    description,
    (model, store, threads) => {
      const user = model.users.get(username);
      return user === undefined ? undefined : carryOut(user, model, store, threads.blocksWithinReach(at));
    },
    at,
  );
}
