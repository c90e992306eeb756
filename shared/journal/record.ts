/**
 * The records of the journal: one for each change that must outlive the process, in the order in which the changes
 * happened. Written by the thread that makes a change, in the ring; kept on disk as they are; read at start.
 *
 * Everything is 32-bit words, little-endian, and a record is a whole number of them:
 *
 * ```
 *   word 0   length of the record in words, this one included
 *   word 1   kind | format version << 8
 *   word 2…  the fields of its kind, each one word; then its texts, each padded to whole words
 * ```
 *
 * Numbers of 53 bits are two words, low before high. Texts are 7-bit ASCII, escaped for JSON as the store keeps them.
 */

export const recordVersion = 2;
export const recordHeaderWords = 2;

export const recordKind = {
  /** Fills what is left of the ring before its end, so that no record wraps. May be its length word alone. */
  filler: 0,
  message: 1,
  read: 2,
  userCreated: 3,
  passwordChanged: 4,
  passwordRenewed: 5,
  sessionOpened: 6,
  sessionClosed: 7,
  userRemoved: 8,
  roomCreated: 9,
  roomJoined: 10,
  roomLeft: 11,
} as const;

export type RecordKind = (typeof recordKind)[keyof typeof recordKind];

/** Word offsets of the fields, from the record's start. The texts follow the last field in the order listed. */
export const messageField = {
  /** A user, or a room as its negative number. */
  receiver: 2,
  sender: 3,
  sequenceLow: 4,
  sequenceHigh: 5,
  atLow: 6,
  atHigh: 7,
  textBytes: 8,
  /** Of the idempotency key, which follows the text; 0 for a message without one. */
  keyBytes: 9,
  text: 10,
} as const;
/** Everything up to and including this sequence that the user had, from users and in rooms, has been read. */
export const readField = { user: 2, sequenceLow: 3, sequenceHigh: 4, end: 5 } as const;
export const userCreatedField = {
  user: 2,
  atLow: 3,
  atHigh: 4,
  nameBytes: 5,
  displayNameBytes: 6,
  passwordHashBytes: 7,
  texts: 8,
} as const;
/** `passwordChanged` also ends the user's sessions, all but the kept one; `passwordRenewed` has no kept token. */
export const passwordField = { user: 2, passwordHashBytes: 3, keptToken: 4, texts: 8 } as const;
export const sessionOpenedField = { token: 2, user: 6, atSeconds: 7, end: 8 } as const;
export const sessionClosedField = { token: 2, end: 6 } as const;
export const userRemovedField = { user: 2, end: 3 } as const;
/** The one who creates a room is its owner and first member. */
export const roomCreatedField = {
  room: 2,
  user: 3,
  sequenceLow: 4,
  sequenceHigh: 5,
  atLow: 6,
  atHigh: 7,
  nameBytes: 8,
  name: 9,
} as const;
/** Of `roomJoined` and `roomLeft`. A member has the messages after the sequence at which it joined. */
export const memberField = {
  room: 2,
  user: 3,
  sequenceLow: 4,
  sequenceHigh: 5,
  atLow: 6,
  atHigh: 7,
  end: 8,
} as const;

/** A record as read back. Users are numbers from 1, tokens 4 words, times are in the unit that their name says. */
export type JournalRecord =
  | {
      readonly kind: 'message';
      /** A user, or a room as its negative number. */
      readonly receiver: number;
      readonly sender: number;
      /** Ascends from message to message, whoever gets them, in the order of the journal (ADR 0008). */
      readonly sequence: number;
      readonly atMs: number;
      /** Escaped for JSON, in 7-bit ASCII. A view of the memory that was read. */
      readonly text: Uint8Array;
      /** The sender's idempotency key; empty without one. */
      readonly key: string;
    }
  | { readonly kind: 'read'; readonly user: number; readonly sequence: number }
  | {
      readonly kind: 'userCreated';
      readonly user: number;
      readonly atMs: number;
      readonly username: string;
      /** Escaped for JSON. */
      readonly displayName: string;
      readonly passwordHash: string;
    }
  | {
      readonly kind: 'passwordChanged';
      readonly user: number;
      readonly passwordHash: string;
      readonly keptToken: Int32Array;
    }
  | { readonly kind: 'passwordRenewed'; readonly user: number; readonly passwordHash: string }
  | {
      readonly kind: 'sessionOpened';
      readonly token: Int32Array;
      readonly user: number;
      readonly atSeconds: number;
    }
  | { readonly kind: 'sessionClosed'; readonly token: Int32Array }
  | { readonly kind: 'userRemoved'; readonly user: number }
  | ({ readonly kind: 'roomCreated'; readonly name: string } & MemberChange)
  | ({ readonly kind: 'roomJoined' | 'roomLeft' } & MemberChange);

/** Rooms are numbers from 1. */
interface MemberChange {
  readonly room: number;
  readonly user: number;
  /** Taken from the same count as the sequences of messages. */
  readonly sequence: number;
  readonly atMs: number;
}

const twoTo32 = 2 ** 32;

/** The low and high word of a number of up to 53 bits. */
export function lowWord(value: number): number {
  return value | 0;
}

export function highWord(value: number): number {
  return Math.floor(value / twoTo32);
}

export function joinWords(low: number, high: number): number {
  return high * twoTo32 + (low >>> 0);
}

/** Words that a text takes. */
export function textWords(textBytes: number): number {
  return (textBytes + 3) >> 2;
}

/**
 * Reads the record at a word offset of `words`. Returns undefined for a filler.
 * @throws when the record is not one of this version: the journal is damaged, or of a newer format.
 */
export function readRecord(words: Int32Array, at: number): JournalRecord | undefined {
  return readRecordAt(words, at, new TextReader(words));
}

function readRecordAt(words: Int32Array, at: number, texts: TextReader): JournalRecord | undefined {
  const length = words[at]!;
  if (length === 1) return undefined;
  const kindAndVersion = words[at + 1]!;
  if (length < recordHeaderWords || at + length > words.length)
    throw new Error(`a record of ${length} words`);
  if (kindAndVersion >> 8 !== recordVersion) throw new Error(`a record of version ${kindAndVersion >> 8}`);
  const field = (offset: number): number => words[at + offset]!;
  const token = (offset: number): Int32Array => words.slice(at + offset, at + offset + 4);
  texts.begin(at, length);
  switch ((kindAndVersion & 0xff) as RecordKind) {
    case recordKind.filler:
      return undefined;
    case recordKind.message:
      return {
        kind: 'message',
        receiver: field(messageField.receiver),
        sender: field(messageField.sender),
        sequence: joinWords(field(messageField.sequenceLow), field(messageField.sequenceHigh)),
        atMs: joinWords(field(messageField.atLow), field(messageField.atHigh)),
        text: texts.bytes(messageField.text, field(messageField.textBytes)),
        key: texts.text(
          messageField.text + textWords(field(messageField.textBytes)),
          field(messageField.keyBytes),
        ),
      };
    case recordKind.read:
      return {
        kind: 'read',
        user: field(readField.user),
        sequence: joinWords(field(readField.sequenceLow), field(readField.sequenceHigh)),
      };
    case recordKind.userCreated: {
      const nameBytes = field(userCreatedField.nameBytes);
      const displayNameBytes = field(userCreatedField.displayNameBytes);
      const displayNameAt = userCreatedField.texts + textWords(nameBytes);
      return {
        kind: 'userCreated',
        user: field(userCreatedField.user),
        atMs: joinWords(field(userCreatedField.atLow), field(userCreatedField.atHigh)),
        username: texts.text(userCreatedField.texts, nameBytes),
        displayName: texts.text(displayNameAt, displayNameBytes),
        passwordHash: texts.text(
          displayNameAt + textWords(displayNameBytes),
          field(userCreatedField.passwordHashBytes),
        ),
      };
    }
    case recordKind.passwordChanged:
      return {
        kind: 'passwordChanged',
        user: field(passwordField.user),
        passwordHash: texts.text(passwordField.texts, field(passwordField.passwordHashBytes)),
        keptToken: token(passwordField.keptToken),
      };
    case recordKind.passwordRenewed:
      return {
        kind: 'passwordRenewed',
        user: field(passwordField.user),
        passwordHash: texts.text(passwordField.texts, field(passwordField.passwordHashBytes)),
      };
    case recordKind.sessionOpened:
      return {
        kind: 'sessionOpened',
        token: token(sessionOpenedField.token),
        user: field(sessionOpenedField.user),
        atSeconds: field(sessionOpenedField.atSeconds) >>> 0,
      };
    case recordKind.sessionClosed:
      return { kind: 'sessionClosed', token: token(sessionClosedField.token) };
    case recordKind.userRemoved:
      return { kind: 'userRemoved', user: field(userRemovedField.user) };
    case recordKind.roomCreated:
      return {
        kind: 'roomCreated',
        ...readMemberChange(field),
        name: texts.text(roomCreatedField.name, field(roomCreatedField.nameBytes)),
      };
    case recordKind.roomJoined:
      return { kind: 'roomJoined', ...readMemberChange(field) };
    case recordKind.roomLeft:
      return { kind: 'roomLeft', ...readMemberChange(field) };
    default:
      throw new Error(`a record of the unknown kind ${kindAndVersion & 0xff}`);
  }
}

function readMemberChange(field: (offset: number) => number): MemberChange {
  return {
    room: field(memberField.room),
    user: field(memberField.user),
    sequence: joinWords(field(memberField.sequenceLow), field(memberField.sequenceHigh)),
    atMs: joinWords(field(memberField.atLow), field(memberField.atHigh)),
  };
}

/** Calls `visit` for every record in `words`, with its offset and length in words. */
export function forEachRecord(
  words: Int32Array,
  visit: (record: JournalRecord, at: number, length: number) => void,
): void {
  const texts = new TextReader(words);
  let at = 0;
  while (at < words.length) {
    const record = readRecordAt(words, at, texts);
    const length = words[at]!;
    if (record !== undefined) visit(record, at, length);
    at += length;
  }
}

/** The texts of one record after the other: a start reads millions of them. */
class TextReader {
  private at = 0;
  private endBytes = 0;
  private readonly source: Buffer;

  constructor(words: Int32Array) {
    this.source = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
  }

  /** Goes to the record at a word offset. */
  begin(at: number, lengthWords: number): void {
    this.at = at;
    this.endBytes = (at + lengthWords) * 4;
  }

  bytes(word: number, lengthBytes: number): Uint8Array {
    const start = this.startOf(word, lengthBytes);
    return new Uint8Array(this.source.buffer, this.source.byteOffset + start, lengthBytes);
  }

  text(word: number, lengthBytes: number): string {
    if (lengthBytes === 0) return '';
    const start = this.startOf(word, lengthBytes);
    return this.source.toString('latin1', start, start + lengthBytes);
  }

  private startOf(word: number, lengthBytes: number): number {
    const start = (this.at + word) * 4;
    if (lengthBytes < 0 || start + lengthBytes > this.endBytes)
      throw new Error(`a record of ${this.endBytes / 4 - this.at} words with a text of ${lengthBytes} bytes`);
    return start;
  }
}
