/**
 * The parts of a store as one thread uses them, and how a thread comes by them.
 */
import { AccountSteps } from './account-steps';
import { ActiveList } from './active-list';
import { BlockPool } from './block-pool';
import { Contacts } from './contacts';
import { header } from './header';
import { Inbox } from './inbox';
import { JournalRing } from './journal-ring';
import { KeyTable } from './key-table';
import { readLayout } from './layout';
import { Locks, type LongWaitReporter } from './lock';
import { MemberTable } from './member-table';
import type { Memory } from './memory';
import { MessageChain } from './message-chain';
import { NameHash, nameSecretWords } from './name-hash';
import { Operation } from './operation';
import { PostKeys } from './post-keys';
import { RoomChain } from './room-chain';
import { RoomSteps } from './room-steps';
import { RoomTable } from './room-table';
import { RoomUnread } from './room-unread';
import { Sequence } from './sequence';
import { SessionTable } from './session-table';
import { SubscriptionFlags } from './subscription-flags';
import { threadSlot } from './thread-slot';
import { Transaction } from './transaction';
import { UserTable } from './user-table';

export interface StoreParts {
  readonly memory: Memory;
  readonly locks: Locks;
  readonly transaction: Transaction;
  readonly blocks: BlockPool;
  readonly users: UserTable;
  readonly sessions: SessionTable;
  readonly active: ActiveList;
  readonly inbox: Inbox;
  readonly accounts: AccountSteps;
  readonly keys: KeyTable;
  readonly posts: PostKeys;
  readonly chains: MessageChain;
  readonly rooms: RoomTable;
  readonly members: MemberTable;
  readonly roomChain: RoomChain;
  readonly roomSteps: RoomSteps;
  readonly roomUnread: RoomUnread;
  readonly sequence: Sequence;
  readonly journal: JournalRing;
  readonly subscriptions: SubscriptionFlags;
  readonly contacts: Contacts;
  readonly operation: Operation;
  /** Gives the slot back; the thread must not use the store any more. */
  readonly detach: () => void;
}

/** Claims a free slot under `threadId`. Throws when all are taken. */
export function attachParts(memory: Memory, threadId: number, reportLongWait: LongWaitReporter): StoreParts {
  const layout = readLayout(memory.words);
  const { slot, slotWord } = claimSlot(memory, layout.threadSlots, layout.threadsMax, threadId);
  const locks = new Locks(memory, layout, slot, slotWord, reportLongWait);
  const transaction = new Transaction(memory, slotWord);
  const blocks = new BlockPool(memory, layout, locks, transaction, slotWord);
  const nameHash = new NameHash(memory.words.slice(header.nameSecret, header.nameSecret + nameSecretWords));
  const users = new UserTable(memory, layout, locks, transaction, blocks, nameHash);
  const sessions = new SessionTable(memory, layout, locks, transaction, users);
  const active = new ActiveList(memory, locks, transaction, users);
  const chains = new MessageChain(memory, transaction, blocks);
  const rooms = new RoomTable(memory, layout, transaction, nameHash);
  const members = new MemberTable(memory, layout, locks, transaction, users, rooms);
  const roomChain = new RoomChain(memory, layout, transaction, chains, rooms, members);
  const roomUnread = new RoomUnread(chains, members, roomChain);
  const inbox = new Inbox(
    memory,
    layout,
    transaction,
    blocks,
    chains,
    users,
    rooms,
    members,
    roomChain,
    roomUnread,
  );
  const keys = new KeyTable(memory, layout, transaction);
  const sequence = new Sequence(memory, locks, transaction);
  const journal = new JournalRing(memory, layout, locks, slotWord);
  return {
    memory,
    locks,
    transaction,
    blocks,
    users,
    sessions,
    active,
    inbox,
    accounts: new AccountSteps(memory, users, sessions, active, inbox),
    keys,
    posts: new PostKeys(locks, keys, sequence),
    chains,
    rooms,
    members,
    roomChain,
    roomSteps: new RoomSteps(locks, rooms, members, roomChain),
    roomUnread,
    sequence,
    journal,
    subscriptions: new SubscriptionFlags(memory, layout),
    contacts: new Contacts(memory, layout),
    operation: new Operation(locks, transaction, journal),
    detach: () => {
      memory.store(slotWord + threadSlot.claimed, 0);
    },
  };
}

function claimSlot(
  memory: Memory,
  threadSlots: number,
  threadsMax: number,
  threadId: number,
): { slot: number; slotWord: number } {
  for (let index = 0; index < threadsMax; index += 1) {
    const slotWord = threadSlots + index * threadSlot.words;
    if (memory.compareExchange(slotWord + threadSlot.claimed, 0, threadId) === 0)
      return { slot: index + 1, slotWord };
  }
  throw new Error(`all ${threadsMax} thread slots of the store are taken`);
}
