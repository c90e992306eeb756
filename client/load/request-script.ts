/** The requests that a connection repeats, built once as bytes, so that sending any number of them is one write. */
import { requestTerminator } from '../../shared/protocol/limits';
import { commandIndex } from './load-plan';
import type { Command, Identity, LoadPlan } from './load-plan';

/** The chat workload: this many sends, then one inbox. */
const sendsForEachInbox = 15;

interface ScriptedRequest {
  readonly command: Command;
  readonly line: string;
}

export class RequestScript {
  /** How many requests there are before they repeat. */
  readonly period: number;
  /** `commandIndex` of each request of one period. */
  readonly commandIndices: Uint8Array;
  private readonly bytes: Buffer;
  private readonly offsets: number[] = [];
  private readonly slices: (string | undefined)[] = [];

  /** @param countMax the most requests that `slice` is asked for at once. */
  constructor(
    requests: readonly ScriptedRequest[],
    private readonly countMax: number,
  ) {
    this.period = requests.length;
    this.commandIndices = Uint8Array.from(requests, (request) => commandIndex(request.command));
    const lines = requests.map((request) => Buffer.from(request.line + requestTerminator));
    const repeated: Buffer[] = [];
    let offset = 0;
    // From the last phase there have to be countMax requests without a break.
    for (let index = 0; index < this.period + countMax; index += 1) {
      const line = lines[index % this.period]!;
      this.offsets.push(offset);
      repeated.push(line);
      offset += line.length;
    }
    this.offsets.push(offset);
    this.bytes = Buffer.concat(repeated);
  }

  /**
   * @param phase 0–`period` − 1: the first request.
   * @returns the bytes of `count` requests from there on, one a character: to be written as 'latin1'.
   */
  slice(phase: number, count: number): string {
    const key = phase * (this.countMax + 1) + count;
    const known = this.slices[key];
    if (known !== undefined) return known;
    const slice = this.bytes.toString('latin1', this.offsets[phase], this.offsets[phase + count]);
    this.slices[key] = slice;
    return slice;
  }
}

/** One script for each identity, in order. Each account sends to the next one, the last to the first. */
export function scriptsFor(plan: LoadPlan): RequestScript[] {
  const text = messageText(plan.messageBytes);
  return plan.identities.map((identity, index) => {
    const receiver = plan.identities[(index + 1) % plan.identities.length]!;
    return new RequestScript(requestsOf(plan, identity, receiver.username, text), plan.inFlight);
  });
}

function requestsOf(plan: LoadPlan, identity: Identity, receiver: string, text: string): ScriptedRequest[] {
  const send: ScriptedRequest = { command: 'send', line: `send ${identity.token} ${receiver} ${text}` };
  switch (plan.workload) {
    case 'chat':
      return [
        ...Array.from({ length: sendsForEachInbox }, () => send),
        { command: 'inbox', line: `inbox ${identity.token}` },
      ];
    case 'send':
      return [send];
    case 'login':
      return [{ command: 'auth', line: `auth ${identity.username} ${identity.password}` }];
    case 'churn':
      return [{ command: 'ping', line: 'ping' }];
  }
}

/** @returns exactly `byteCount` bytes of text, without white space at either end. */
export function messageText(byteCount: number): string {
  const words = 'halo apa kabar ini pesan uji beban ';
  const text = words.repeat(Math.ceil(byteCount / words.length)).slice(0, byteCount);
  return text.endsWith(' ') ? `${text.slice(0, -1)}.` : text;
}
