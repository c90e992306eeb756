/**
 * The request grammar over raw bytes: one pass finds the end of a line and judges its characters, then the words are
 * taken as the command's row of the table asks for them. No I/O, no allocation, no strings.
 *
 * Source of the rules: PROTOCOL.md, "Framing".
 */
import { IdempotencyKey } from './idempotency-key';
import { LineOpening } from './line-opening';
import { MessageId } from './message-id';
import { Name } from './name';
import { parseToken, tokenBytes } from './token';
import { isCleanUtf8 } from './utf8';
import { viewOf } from './word-view';

/**
 * What a command's parameter is. `text` and `displayName` take the rest of the line, outer white space trimmed; all
 * others take one word. A `destination` is a name, or a room; a room is a name with a `#` before it.
 */
export type ParameterKind =
  | 'token'
  | 'name'
  | 'destination'
  | 'room'
  | 'after'
  | 'password'
  | 'newPassword'
  | 'text'
  | 'displayName'
  | 'limit'
  | 'id'
  | 'key';

export interface Parameter {
  readonly kind: ParameterKind;
  readonly label: string;
  readonly optional?: boolean;
}

export interface CommandGrammar {
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

/** What `parseLine` returns when there is no command to run; a row's index (0 and up) otherwise. */
export const lineOutcome = { badRequest: -1, badCommand: -2, tooLong: -3 } as const;

/** See `word-view.ts`. */
const littleEndian = true;
const newline = 0x0a;
const carriageReturn = 0x0d;
const space = 0x20;
const tab = 0x09;
const roomSign = 0x23;

/** What a byte means for the line it stands in; the marks of a line's bytes are gathered in one pass. */
const mark = { newline: 1, carriageReturn: 2, tab: 4, control: 8, high: 16, escaped: 32 } as const;
const marks = new Uint8Array(256);
marks.fill(mark.control, 0, 0x20);
marks[0x7f] = mark.control;
marks[newline] = mark.newline;
marks[carriageReturn] = mark.carriageReturn;
marks[tab] = mark.tab | mark.escaped;
marks[0x22] = mark.escaped;
marks[0x5c] = mark.escaped;
marks.fill(mark.high | mark.escaped, 0x80);

/** A part of the line, as offsets into the bytes that were parsed. */
export class ByteRange {
  start = 0;
  end = 0;

  get lengthBytes(): number {
    return this.end - this.start;
  }

  set(start: number, end: number): void {
    this.start = start;
    this.end = end;
  }
}

/**
 * Parses one line at a time; its fields describe the last line parsed and are valid until the next.
 *
 * Invariant: a field that the row does not ask for keeps an older value and must not be read.
 */
export class RequestParser {
  /** Where the next line starts. */
  nextLine = 0;
  readonly token = new Int32Array(4);
  /** False when the token is not of a token's form: no session can have it. */
  tokenIsWellFormed = false;
  /** Also that of a destination, without its `#`. */
  readonly name = new Name();
  /** False when the name is not of a name's form: no user, or room, can have it. */
  nameIsWellFormed = false;
  destinationIsRoom = false;
  /** Without its `#`. */
  readonly room = new Name();
  /** False when it has no `#`, or not the form of a name behind it: there can be no such room. */
  roomIsWellFormed = false;
  /** A user to go on behind; `afterIsGiven` is false when the line has none. */
  readonly after = new Name();
  afterIsGiven = false;
  afterIsWellFormed = false;
  readonly password = new ByteRange();
  readonly newPassword = new ByteRange();
  readonly text = new ByteRange();
  /** False when the text can be stored as it is; true when it may have to be escaped. */
  textNeedsEscape = false;
  /** Empty when the line has none. */
  readonly displayName = new ByteRange();
  /** A whole number; NaN when it is none, undefined when the line has none. */
  limit: number | undefined = undefined;
  readonly id = new MessageId();
  /** False when the line has none. */
  idIsGiven = false;
  /** False when the id is not of an id's form: no message can have it. */
  idIsWellFormed = false;
  readonly key = new IdempotencyKey();
  /** False when the key is not of a key's form. */
  keyIsWellFormed = false;

  /** The bytes that were parsed last, as a view. */
  view: DataView;

  private scanned: Uint8Array = new Uint8Array(0);
  private readonly opening = new LineOpening();
  private readonly rows = new Map<number, number>();
  private readonly commandNames: readonly Uint8Array[];

  constructor(
    private readonly table: readonly CommandGrammar[],
    private readonly lineBytesMax: number,
  ) {
    this.view = viewOf(this.scanned);
    this.commandNames = table.map(({ name }) => new Uint8Array(Buffer.from(name, 'latin1')));
    for (const [index, name] of this.commandNames.entries()) {
      const key = commandKey(name, 0, name.length);
      if (this.rows.has(key)) throw new Error(`two commands share the key of ${table[index]!.name}`);
      this.rows.set(key, index);
    }
  }

  /**
   * Parses the line that starts at `start` and sets `nextLine` after its `\n`, which must lie before `end`: whole
   * lines only come here. Returns the index of the command's row, or a `lineOutcome`.
   */
  parseLine(bytes: Uint8Array, start: number, end: number): number {
    if (bytes !== this.scanned) this.scan(bytes);
    const { view, opening } = this;
    const isOpenedAlike = opening.opens(view, start, end);
    let at = isOpenedAlike ? start + opening.lengthBytes : start;
    let found = 0;
    let byteMarks = 0;
    let carriageReturns = 0;
    do {
      // Eight at a time while nothing is special; then up to four one by one, which settles what is.
      while (at + 8 <= end && isPlain(view.getInt32(at, littleEndian), view.getInt32(at + 4, littleEndian)))
        at += 8;
      if (at + 4 <= end && isPlain(view.getInt32(at, littleEndian), spaces)) at += 4;
      const stop = Math.min(at + 4, end);
      do {
        byteMarks = marks[bytes[at]!]!;
        found |= byteMarks;
        if (byteMarks === mark.carriageReturn) carriageReturns += 1;
        at += 1;
      } while ((byteMarks & mark.newline) === 0 && at < stop);
    } while ((byteMarks & mark.newline) === 0 && at < end);
    this.nextLine = at;
    this.textNeedsEscape = (found & mark.escaped) !== 0;
    let lineEnd = at - 1;
    if (carriageReturns > 0) {
      // The one before the line end is dropped; any other is a control character.
      if (bytes[lineEnd - 1] === carriageReturn) {
        lineEnd -= 1;
        carriageReturns -= 1;
      }
      if (carriageReturns > 0) found |= mark.control;
    }
    if (lineEnd - start > this.lineBytesMax) return lineOutcome.tooLong;
    if ((found & mark.control) !== 0) return lineOutcome.badRequest;
    if ((found & mark.high) !== 0 && !isCleanUtf8(bytes, start, lineEnd)) return lineOutcome.badRequest;
    const sawTab = (found & mark.tab) !== 0;
    if (isOpenedAlike) return this.parseParameters(bytes, start, lineEnd, sawTab);
    if (!this.parseCommand(bytes, start, lineEnd))
      return sawTab ? lineOutcome.badRequest : lineOutcome.badCommand;
    const outcome = this.parseParameters(bytes, start, lineEnd, sawTab);
    if (outcome >= 0 && at < end) opening.keep(view, start);
    return outcome;
  }

  private scan(bytes: Uint8Array): void {
    this.scanned = bytes;
    this.view = viewOf(bytes);
  }

  /** False when there is no such command. */
  private parseCommand(bytes: Uint8Array, start: number, lineEnd: number): boolean {
    const commandStart = skipSpaces(bytes, start, lineEnd);
    const commandEnd = skipWord(bytes, commandStart, lineEnd);
    const row = this.findRow(bytes, commandStart, commandEnd);
    this.opening.begin(row ?? 0, commandEnd - start);
    return row !== undefined;
  }

  /** Takes the parameters that come after the line's opening. */
  private parseParameters(bytes: Uint8Array, start: number, lineEnd: number, sawTab: boolean): number {
    const { opening } = this;
    const { row } = opening;
    const { parameters } = this.table[row]!;
    let wordEnd = start + opening.lengthBytes;
    let tabsAllowedFrom = lineEnd;
    for (let index = opening.parameterCount; index < parameters.length; index += 1) {
      const { kind, optional } = parameters[index]!;
      if (kind === 'text') tabsAllowedFrom = wordEnd;
      let wordStart = skipSpaces(bytes, wordEnd, lineEnd);
      if (kind === 'token' && this.takeToken(bytes, wordStart, lineEnd)) {
        wordEnd = wordStart + tokenBytes;
        if (index === 0) opening.extend(wordEnd - start);
        continue;
      }
      if (kind === 'text' || kind === 'displayName') {
        wordStart = skipWhiteSpace(bytes, wordStart, lineEnd);
        wordEnd = trimEnd(bytes, wordStart, lineEnd);
      } else {
        wordEnd = skipWord(bytes, wordStart, lineEnd);
      }
      if (wordStart === wordEnd) {
        if (optional === true) {
          this.leaveOut(kind);
          continue;
        }
        const isEmptyText = kind === 'text' && !holdsTab(bytes, start, tabsAllowedFrom);
        return isEmptyText || !sawTab ? lineOutcome.badCommand : lineOutcome.badRequest;
      }
      this.take(kind, bytes, wordStart, wordEnd);
      if (kind === 'destination' && index === 1 && opening.parameterCount === 1)
        opening.extend(wordEnd - start);
    }
    if (sawTab && holdsTab(bytes, start, tabsAllowedFrom)) return lineOutcome.badRequest;
    return row;
  }

  /** The short way for what nearly every line has: a word that is a token needs no search for its end. */
  private takeToken(bytes: Uint8Array, start: number, lineEnd: number): boolean {
    const end = start + tokenBytes;
    if (end > lineEnd || (end < lineEnd && bytes[end] !== space)) return false;
    this.tokenIsWellFormed = parseToken(bytes, start, end, this.token);
    return this.tokenIsWellFormed;
  }

  private take(kind: ParameterKind, bytes: Uint8Array, start: number, end: number): void {
    switch (kind) {
      case 'token':
        this.tokenIsWellFormed = parseToken(bytes, start, end, this.token);
        return;
      case 'name':
        this.nameIsWellFormed = this.name.read(bytes, start, end);
        return;
      case 'destination':
        this.destinationIsRoom = bytes[start] === roomSign;
        this.nameIsWellFormed = this.name.read(bytes, this.destinationIsRoom ? start + 1 : start, end);
        return;
      case 'room':
        this.roomIsWellFormed = bytes[start] === roomSign && this.room.read(bytes, start + 1, end);
        return;
      case 'after':
        this.afterIsGiven = true;
        this.afterIsWellFormed = this.after.read(bytes, start, end);
        return;
      case 'text':
        this.text.set(start, end);
        return;
      case 'displayName':
        this.displayName.set(start, end);
        return;
      case 'password':
        this.password.set(start, end);
        return;
      case 'newPassword':
        this.newPassword.set(start, end);
        return;
      case 'limit':
        this.limit = wholeNumber(bytes, start, end);
        return;
      case 'id':
        this.idIsGiven = true;
        this.idIsWellFormed = this.id.read(bytes, start, end);
        return;
      case 'key':
        this.keyIsWellFormed = this.key.read(bytes, start, end);
    }
  }

  /** Notes that the line has no such parameter. */
  private leaveOut(kind: ParameterKind): void {
    if (kind === 'limit') this.limit = undefined;
    else if (kind === 'id') this.idIsGiven = false;
    else if (kind === 'after') this.afterIsGiven = false;
    else if (kind === 'displayName') this.displayName.set(0, 0);
  }

  private findRow(bytes: Uint8Array, start: number, end: number): number | undefined {
    const row = this.rows.get(commandKey(bytes, start, end));
    if (row === undefined) return undefined;
    const name = this.commandNames[row]!;
    if (name.length !== end - start) return undefined;
    for (let index = 0; index < name.length; index += 1) {
      if (name[index] !== bytes[start + index]) return undefined;
    }
    return row;
  }
}

/** The high bit of each byte. */
const highBits = 0x80808080 | 0;
const one = 0x01010101;

/** Four bytes with nothing special among them. */
const spaces = 0x20202020;

/** Whether the bytes of two words are all visible ASCII without quotes and backslashes. May be false where they are. */
function isPlain(first: number, second: number): boolean {
  return ((specialBits(first) | specialBits(second)) & highBits) === 0;
}

/**
 * Has the high bit set of every byte that is not visible ASCII, or is a quote or a backslash. A byte's high bit is set by
 * being 0x80 or more, by adding one to 0x7f, by taking 0x20 from less, and by taking one from the nothing that a quote or a
 * backslash leaves of itself. Carries and borrows may reach into the next byte: a bit is set then that need not be, which
 * is never wrong, only slower.
 */
function specialBits(word: number): number {
  return word | (word + one) | (word - spaces) | ((word ^ 0x22222222) - one) | ((word ^ 0x5c5c5c5c) - one);
}

/** A small integer for a command word, distinct for all commands of the table (the constructor checks it). */
function commandKey(bytes: Uint8Array, start: number, end: number): number {
  if (start === end) return 0;
  const length = end - start;
  return (bytes[start]! << 20) ^ (bytes[start + (length >> 1)]! << 12) ^ (bytes[end - 1]! << 4) ^ length;
}

const limitDigitsMax = 9;
const digitZero = 0x30;

/** The number that `bytes[start, end)` writes in decimal digits; NaN when it is anything else, or longer than any limit. */
function wholeNumber(bytes: Uint8Array, start: number, end: number): number {
  if (end - start > limitDigitsMax) return NaN;
  let value = 0;
  for (let at = start; at < end; at += 1) {
    const digit = bytes[at]! - digitZero;
    if (digit < 0 || digit > 9) return NaN;
    value = value * 10 + digit;
  }
  return value;
}

function skipSpaces(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === space) at += 1;
  return at;
}

function skipWord(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== space) at += 1;
  return at;
}

function skipWhiteSpace(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (bytes[at] === space || bytes[at] === tab)) at += 1;
  return at;
}

function trimEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start && (bytes[at - 1] === space || bytes[at - 1] === tab)) at -= 1;
  return at;
}

function holdsTab(bytes: Uint8Array, start: number, end: number): boolean {
  return indexOf(bytes, tab, start, end) < end;
}

/** The first place of a byte in `bytes[start, end)`, or `end`. */
function indexOf(bytes: Uint8Array, byte: number, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] !== byte) at += 1;
  return at;
}
