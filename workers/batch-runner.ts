/**
 * Runs a batch: for every segment, line by line, parse, check the row's preconditions, run the handler. Knows neither
 * threads nor messages, so tests run it in-process.
 */
import { type BatchSlot, segmentFlag, type SegmentOutcome } from '../shared/batch/batch-area';
import type {
  BatchResult,
  Deferral,
  FinishedCommand,
  HashDeferral,
  HashOutcome,
  SegmentRest,
} from '../shared/batch/tasks';
import type { ErrorCode } from '../shared/protocol/error-codes';
import { replyBytesMax } from '../shared/protocol/limits';
import { lineOutcome, RequestParser } from '../shared/protocol/request-parser';
import { ReplyWriter } from '../shared/protocol/reply-writer';
import type { TokenWords } from '../shared/protocol/token';
import type { Store } from '../shared/store/store';
import { StoredText } from '../shared/store/stored-text';
import { type Command, type CommandContext, type CommandSettings, toSeconds } from './command';
import { commandTable } from './command-table';
import { LiveFrames } from './live-frames';

/** A connection whose replies in one batch reach this size waits for the next: its socket may be slow. */
const segmentReplyBytesMax = 262_144;
/**
 * So does one whose long commands have taken so long together: others wait for it. Only they are timed: to read the clock
 * costs a tenth of a short command.
 */
const segmentMsMax = 2;
/**
 * When those of all connections of a batch have taken so long together, the next ones wait for another batch: a client
 * that asks for little gets its turn between hundreds that ask for much.
 */
const batchMsMax = 8;
/** How many lines in a row go by one look at their session. A look takes a microsecond, if it need not wait. */
const linesPerLookMax = 16;

const errorOfOutcome: Readonly<Record<number, ErrorCode>> = {
  [lineOutcome.badRequest]: 'BAD_REQUEST',
  [lineOutcome.badCommand]: 'BAD_COMMAND',
  [lineOutcome.tooLong]: 'LINE_TOO_LONG',
};

export class BatchRunner {
  private readonly context: CommandContext;
  private readonly outcome: SegmentOutcome = {
    consumedEnd: 0,
    replyStart: 0,
    replyEnd: 0,
    user: 0,
    position: 0,
    flags: 0,
  };
  private rests: SegmentRest[] = [];
  /** What long commands of the segment under way have taken, and those of the batch. */
  private longMs = 0;
  private batchLongMs = 0;
  /** The session that the segment under way used last, by its token, and its user; 0 when there is none, or it has ended. */
  private readonly usedToken: TokenWords = new Int32Array(4);
  private usedBy = 0;
  /** How many more lines may go by the last look at it. */
  private usesLeft = 0;

  /** @param clock In milliseconds; what it counts from does not matter. */
  constructor(
    store: Store,
    lineBytesMax: number,
    settings: CommandSettings,
    private readonly clock: () => number,
  ) {
    this.context = {
      store,
      request: new RequestParser(commandTable, lineBytesMax),
      requestBytes: Buffer.alloc(0),
      reply: new ReplyWriter(new Uint8Array(0), 0),
      user: 0,
      nowMs: 0,
      sessionUser: 0,
      hasLeft: false,
      subscription: undefined,
      endedSessionsOf: 0,
      live: new LiveFrames(store),
      countedOutcome: undefined,
      settings,
      text: new StoredText(),
    };
  }

  /** Carries out what a slot holds and notes each segment's result in it. */
  runBatch(slot: BatchSlot, nowMs: number): BatchResult {
    const { context } = this;
    context.nowMs = nowMs;
    context.requestBytes = slot.requests;
    context.reply = new ReplyWriter(slot.replies, slot.replies.length);
    this.rests = [];
    this.batchLongMs = 0;
    for (let segment = 0; segment < slot.segmentCount; segment += 1) {
      slot.begin(segment);
      this.runSegment(slot, segment);
    }
    context.store.journal.announce();
    return this.rests.length === 0 ? undefined : this.rests;
  }

  /** Carries out the last step of a slow command. */
  finish(deferral: HashDeferral, outcome: HashOutcome, nowMs: number): FinishedCommand {
    const { context } = this;
    const command = commandTable.find(({ name }) => name === deferral.command);
    if (command === undefined || !('finish' in command))
      throw new Error(`${deferral.command} cannot be finished`);
    const target = Buffer.alloc(4_096);
    context.nowMs = nowMs;
    context.sessionUser = 0;
    context.endedSessionsOf = 0;
    context.live.begin(undefined, 0);
    context.countedOutcome = undefined;
    context.store.journal.forgetAwaited();
    context.reply = new ReplyWriter(target, target.length);
    command.finish(context, deferral.state, outcome);
    context.store.journal.announce();
    return {
      reply: target.toString('latin1', 0, context.reply.at),
      user: context.sessionUser,
      position: context.store.journal.awaited,
      endedSessionsOf: context.endedSessionsOf,
      countedOutcome: context.countedOutcome,
    };
  }

  private runSegment(slot: BatchSlot, segment: number): void {
    const { context, outcome } = this;
    const { reply, request } = context;
    const { journal } = context.store;
    const end = slot.requestEnd(segment);
    let at = slot.requestStart(segment);
    journal.forgetAwaited();
    context.live.begin(slot.deliveries, segment);
    outcome.replyStart = reply.at;
    outcome.user = 0;
    outcome.flags = 0;
    this.longMs = 0;
    this.usedBy = 0;
    let hasLeft = false;
    while (
      at < end &&
      this.longMs < segmentMsMax &&
      reply.at - outcome.replyStart < segmentReplyBytesMax &&
      reply.roomBytes >= replyBytesMax
    ) {
      const deferral = this.runLine(slot.requests, at, end);
      if (deferral === 'postponed') break;
      at = request.nextLine;
      if (context.sessionUser !== 0) {
        outcome.user = context.sessionUser;
        ({ hasLeft } = context);
        if (hasLeft) this.usedBy = 0;
      }
      const { subscription } = context;
      if (deferral === undefined && subscription === undefined) continue;
      this.rests.push(
        deferral === undefined ? { segment, subscription: subscription! } : { segment, deferral },
      );
      outcome.flags = segmentFlag.hasRest;
      context.subscription = undefined;
      break;
    }
    outcome.consumedEnd = at;
    outcome.replyEnd = reply.at;
    const { awaited } = journal;
    outcome.position = awaited ?? 0;
    if (awaited !== undefined) outcome.flags |= segmentFlag.awaitsDisk;
    if (hasLeft) outcome.flags |= segmentFlag.hasLeft;
    slot.setResult(segment, outcome);
  }

  /** 'postponed' when nothing was done: the line is for the next batch. */
  private runLine(bytes: Buffer, start: number, end: number): Deferral | 'postponed' | undefined {
    const { context } = this;
    const { request, reply } = context;
    context.sessionUser = 0;
    context.hasLeft = false;
    const row = request.parseLine(bytes, start, end);
    if (row < 0) {
      reply.error(errorOfOutcome[row]!);
      return undefined;
    }
    const command = commandTable[row]!;
    const mayTakeLong = 'run' in command && command.mayTakeLong === true;
    if (mayTakeLong && this.batchLongMs >= batchMsMax) return 'postponed';
    if (command.needsSession) {
      context.user = request.tokenIsWellFormed ? this.useSession(request.token) : 0;
      if (context.user === 0) {
        reply.error('BAD_SESSION');
        return undefined;
      }
      context.sessionUser = context.user;
    }
    if (!mayTakeLong) return runCommand(command, context);
    const startMs = this.clock();
    command.run(context);
    const tookMs = this.clock() - startMs;
    this.longMs += tookMs;
    this.batchLongMs += tookMs;
    return undefined;
  }

  /**
   * The user of a session, or 0. Of a few lines in a row that use one session, only the first is looked up. When the
   * session is ended elsewhere meanwhile, it still serves the others, even if whoever ended it has had the reply: they
   * had come before that, and fare no better than a line that has been looked up and waits for a lock.
   */
  private useSession(token: TokenWords): number {
    const { usedToken } = this;
    if (
      this.usesLeft > 0 &&
      this.usedBy !== 0 &&
      token[0] === usedToken[0] &&
      token[1] === usedToken[1] &&
      token[2] === usedToken[2] &&
      token[3] === usedToken[3]
    ) {
      this.usesLeft -= 1;
      return this.usedBy;
    }
    const { store, nowMs } = this.context;
    this.usesLeft = linesPerLookMax - 1;
    this.usedBy = store.useSession(token, toSeconds(nowMs));
    for (let word = 0; word < 4; word += 1) usedToken[word] = token[word]!;
    return this.usedBy;
  }
}

function runCommand(command: Command, context: CommandContext): Deferral | undefined {
  if ('run' in command) {
    command.run(context);
    return undefined;
  }
  if ('lookUp' in command) {
    const historyJob = command.lookUp(context);
    return historyJob === undefined ? undefined : { command: command.name, historyJob };
  }
  const rest = command.begin(context);
  return rest === undefined ? undefined : { command: command.name, ...rest };
}
