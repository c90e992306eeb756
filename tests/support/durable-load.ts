/**
 * Load from many connections, with books of what the server has acknowledged. It goes on until the server dies, or, when
 * only threads of it die, until the plan is over.
 */
import type { AccountLedger } from './account-ledger';
import type { DeliveryLedger, SentMessage } from './delivery-ledger';
import { type Address, LineSocket } from './line-socket';
import type { RandomNumbers } from './random-numbers';

export const password = 'rahasia';
const sentReply = '{"status": "OK", "message": "Message Sent"}\r\n\r\n';

export interface LoadShape {
  readonly senders: number;
  readonly readers: number;
  readonly logins: number;
  readonly registrations: number;
  /** The longest text; 0 for the shortest that tells messages apart. */
  readonly textBytesMax: number;
}

/** A user with a session that lasts as long as the test. */
export interface Member {
  readonly username: string;
  readonly token: string;
}

export interface Ledgers {
  readonly deliveries: DeliveryLedger;
  readonly accounts: AccountLedger;
}

export interface LoadPlan extends Ledgers {
  readonly address: Address;
  readonly members: readonly Member[];
  readonly random: RandomNumbers;
  readonly shape: LoadShape;
  /** Called with every reply of any kind. */
  readonly onReply: () => void;
  /** Given when threads of the server die and the server does not: then a request may have an unknown outcome. */
  readonly isOver?: () => boolean;
  /** Called with every unknown outcome. */
  readonly onUnknown?: () => void;
}

let connectionCount = 0;

/** Resolves when every connection has broken. Rejects when one misbehaves otherwise. */
export async function loadUntilDeath(plan: LoadPlan): Promise<void> {
  const { senders, readers, logins, registrations } = plan.shape;
  const { members } = plan;
  const roles = [
    ...Array.from({ length: senders }, (_, index) => sendMessages(members[index % members.length]!)),
    ...Array.from({ length: readers }, (_, index) => readInbox(members[index % members.length]!)),
    ...Array.from({ length: logins }, (_, index) => logInAndOut(members[index % members.length]!)),
    ...Array.from({ length: registrations }, () => register),
  ];
  await Promise.all(roles.map((role) => untilDeath(plan, role)));
}

type Role = (client: LineSocket, plan: LoadPlan) => Promise<void>;

async function untilDeath(plan: LoadPlan, role: Role): Promise<void> {
  const client = await LineSocket.connect(plan.address, { timeoutMs: 30_000 }).catch(() => undefined);
  // The others may have had the server killed before this one was through to it.
  if (client === undefined) return;
  try {
    await role(client, plan);
  } catch (error) {
    if (!client.over) throw error;
  } finally {
    client.destroy();
  }
}

async function ask(client: LineSocket, plan: LoadPlan, request: string): Promise<string> {
  const reply = await client.ask(request);
  plan.onReply();
  return reply;
}

function sendMessages({ username, token }: Member): Role {
  return async (client, plan) => {
    const { deliveries, members, random, shape } = plan;
    connectionCount += 1;
    const connection = connectionCount;
    const inFlightMax = 1 + random.below(12);
    const pending: SentMessage[] = [];
    for (let number = 0; !isOver(plan); number += 1) {
      const { username: receiver } = random.of(members);
      const textBytes = shape.textBytesMax === 0 ? 0 : random.below(shape.textBytesMax);
      const message = deliveries.send(username, receiver, connection, number, textBytes);
      client.write(`send ${token} ${receiver} ${message.text}\n`);
      pending.push(message);
      if (pending.length >= inFlightMax) await settleSend(client, plan, pending.shift()!);
    }
    for (const message of pending) await settleSend(client, plan, message);
  };
}

async function settleSend(client: LineSocket, plan: LoadPlan, message: SentMessage): Promise<void> {
  const { deliveries } = plan;
  const reply = await client.frame();
  plan.onReply();
  if (reply === sentReply) deliveries.acknowledge(message);
  else if (!isUnknown(plan, reply)) throw violation(deliveries.violations, `a send was answered ${reply}`);
}

function readInbox(member: Member): Role {
  return async (client, plan) => {
    while (!isOver(plan)) await readOnce(client, plan.deliveries, member, plan);
  };
}

/** Asks for an inbox once; returns how many messages there were. */
export async function readOnce(
  client: LineSocket,
  deliveries: DeliveryLedger,
  { username, token }: Member,
  plan: Partial<LoadPlan> = {},
): Promise<number> {
  const reading = deliveries.read(username);
  const frame = await client.ask(`inbox ${token}`);
  plan.onReply?.();
  if (isUnknown(plan, frame)) {
    deliveries.swallow(reading);
    return 0;
  }
  const { status, messages } = JSON.parse(frame) as {
    status: string;
    messages: Record<string, { msg: string }[]>;
  };
  if (status !== 'OK') throw violation(deliveries.violations, `an inbox was answered ${frame}`);
  const handed = Object.entries(messages).flatMap(([sender, list]) =>
    list.map(({ msg }) => ({ sender, text: msg })),
  );
  deliveries.handOver(reading, handed);
  return handed.length;
}

/** Opens sessions, and ends two of three again. */
function logInAndOut({ username }: Member): Role {
  return async (client, plan) => {
    const { accounts, random } = plan;
    while (!isOver(plan)) {
      const login = await ask(client, plan, `auth ${username} ${password}`);
      if (isUnknown(plan, login)) continue;
      const token = tokenOf(login);
      accounts.sessions.set(token, 'yes');
      if (random.below(3) === 0) continue;
      accounts.sessions.set(token, 'unknown');
      const reply = await ask(client, plan, `logout ${token}`);
      if (isUnknown(plan, reply)) continue;
      if (!reply.includes('"OK"')) throw violation(accounts.violations, `a logout was answered ${reply}`);
      accounts.sessions.set(token, 'no');
    }
  };
}

const register: Role = async (client, plan) => {
  const { accounts } = plan;
  while (!isOver(plan)) {
    const name = accounts.freshName();
    accounts.accounts.set(name, 'unknown');
    const reply = await ask(client, plan, `register ${name} ${password} Pendatang`);
    if (isUnknown(plan, reply)) continue;
    if (!reply.includes('"OK"')) throw violation(accounts.violations, `a register was answered ${reply}`);
    accounts.accounts.set(name, 'yes');
  }
};

function isOver({ isOver: ask }: LoadPlan): boolean {
  return ask?.() === true;
}

/** Whether the thread died that carried the request out: it may have happened or not. */
function isUnknown({ isOver: ask, onUnknown }: Partial<LoadPlan>, reply: string): boolean {
  if (ask === undefined || !reply.includes('"UNKNOWN_OUTCOME"')) return false;
  onUnknown?.();
  return true;
}

export function tokenOf(reply: string): string {
  const { tokenid } = JSON.parse(reply) as { tokenid?: string };
  if (tokenid === undefined) throw new Error(`no token: ${reply}`);
  return tokenid;
}

function violation(violations: string[], what: string): Error {
  violations.push(what);
  return new Error(what);
}
