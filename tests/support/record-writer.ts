/** Journal records for tests, as the threads that make changes would write them. */
import {
  highWord,
  type JournalRecord,
  lowWord,
  memberField,
  messageField,
  passwordField,
  readField,
  recordHeaderWords,
  type RecordKind,
  recordKind,
  recordVersion,
  roomCreatedField,
  sessionClosedField,
  sessionOpenedField,
  textWords,
  userCreatedField,
  userRemovedField,
} from '../../shared/journal/record';

/** 7-bit ASCII. */
type Text = string | Uint8Array;

/** Gathers records one after the other. */
export class RecordWriter {
  private words = new Int32Array(1_024);
  private lengthWords = 0;

  /** How many words there are. */
  get length(): number {
    return this.lengthWords;
  }

  /** A copy of the records so far. */
  taken(): Int32Array {
    return this.words.slice(0, this.lengthWords);
  }

  /** A copy of the record at a word offset. */
  recordAt(at: number): Int32Array {
    return this.words.slice(at, at + this.words[at]!);
  }

  clear(): void {
    this.lengthWords = 0;
  }

  /** Writes again what `readRecord` has read. */
  record(record: JournalRecord): this {
    switch (record.kind) {
      case 'message': {
        const { receiver, sender, sequence, atMs, text, key } = record;
        return this.message(receiver, sender, sequence, atMs, text, key);
      }
      case 'read':
        return this.read(record.user, record.sequence);
      case 'userCreated': {
        const { user, atMs, username, displayName, passwordHash } = record;
        return this.userCreated(user, atMs, username, displayName, passwordHash);
      }
      case 'passwordChanged':
        return this.passwordChanged(record.user, record.passwordHash, record.keptToken);
      case 'passwordRenewed':
        return this.passwordRenewed(record.user, record.passwordHash);
      case 'sessionOpened':
        return this.sessionOpened(record.token, record.user, record.atSeconds);
      case 'sessionClosed':
        return this.sessionClosed(record.token);
      case 'userRemoved':
        return this.userRemoved(record.user);
      case 'roomCreated':
        return this.roomCreated(record.room, record.user, record.sequence, record.atMs, record.name);
      case 'roomJoined':
        return this.roomJoined(record.room, record.user, record.sequence, record.atMs);
      case 'roomLeft':
        return this.roomLeft(record.room, record.user, record.sequence, record.atMs);
    }
  }

  /** To a room when `receiver` is its negative number. */
  message(
    receiver: number,
    sender: number,
    sequence: number,
    atMs: number,
    text: Text,
    key: Text = '',
  ): this {
    const at = this.begin(recordKind.message, messageField.text, [text, key]);
    this.words[at + messageField.receiver] = receiver;
    this.words[at + messageField.sender] = sender;
    this.setPair(at + messageField.sequenceLow, sequence);
    this.setPair(at + messageField.atLow, atMs);
    this.words[at + messageField.textBytes] = text.length;
    this.words[at + messageField.keyBytes] = key.length;
    return this;
  }

  read(user: number, sequence: number): this {
    const at = this.begin(recordKind.read, readField.end, []);
    this.words[at + readField.user] = user;
    this.setPair(at + readField.sequenceLow, sequence);
    return this;
  }

  userCreated(user: number, atMs: number, name: string, displayName: string, passwordHash: string): this {
    const at = this.begin(recordKind.userCreated, userCreatedField.texts, [name, displayName, passwordHash]);
    this.words[at + userCreatedField.user] = user;
    this.setPair(at + userCreatedField.atLow, atMs);
    this.words[at + userCreatedField.nameBytes] = name.length;
    this.words[at + userCreatedField.displayNameBytes] = displayName.length;
    this.words[at + userCreatedField.passwordHashBytes] = passwordHash.length;
    return this;
  }

  passwordChanged(user: number, passwordHash: string, keptToken: Int32Array): this {
    const at = this.password(recordKind.passwordChanged, user, passwordHash);
    this.words.set(keptToken, at + passwordField.keptToken);
    return this;
  }

  passwordRenewed(user: number, passwordHash: string): this {
    this.password(recordKind.passwordRenewed, user, passwordHash);
    return this;
  }

  sessionOpened(token: Int32Array, user: number, atSeconds: number): this {
    const at = this.begin(recordKind.sessionOpened, sessionOpenedField.end, []);
    this.words.set(token, at + sessionOpenedField.token);
    this.words[at + sessionOpenedField.user] = user;
    this.words[at + sessionOpenedField.atSeconds] = atSeconds;
    return this;
  }

  sessionClosed(token: Int32Array): this {
    const at = this.begin(recordKind.sessionClosed, sessionClosedField.end, []);
    this.words.set(token, at + sessionClosedField.token);
    return this;
  }

  userRemoved(user: number): this {
    const at = this.begin(recordKind.userRemoved, userRemovedField.end, []);
    this.words[at + userRemovedField.user] = user;
    return this;
  }

  roomCreated(room: number, user: number, sequence: number, atMs: number, name: string): this {
    const at = this.begin(recordKind.roomCreated, roomCreatedField.name, [name]);
    this.memberChange(at, room, user, sequence, atMs);
    this.words[at + roomCreatedField.nameBytes] = name.length;
    return this;
  }

  roomJoined(room: number, user: number, sequence: number, atMs: number): this {
    this.memberChange(this.begin(recordKind.roomJoined, memberField.end, []), room, user, sequence, atMs);
    return this;
  }

  roomLeft(room: number, user: number, sequence: number, atMs: number): this {
    this.memberChange(this.begin(recordKind.roomLeft, memberField.end, []), room, user, sequence, atMs);
    return this;
  }

  /** What fills the ring before its end. */
  filler(wordCount: number): this {
    const at = this.lengthWords;
    this.makeRoom(wordCount);
    this.words.fill(-1, at, at + wordCount);
    this.words[at] = wordCount;
    if (wordCount > 1) this.words[at + 1] = recordKind.filler | (recordVersion << 8);
    this.lengthWords += wordCount;
    return this;
  }

  private password(kind: RecordKind, user: number, passwordHash: string): number {
    const at = this.begin(kind, passwordField.texts, [passwordHash]);
    this.words[at + passwordField.user] = user;
    this.words[at + passwordField.passwordHashBytes] = passwordHash.length;
    return at;
  }

  private memberChange(at: number, room: number, user: number, sequence: number, atMs: number): void {
    this.words[at + memberField.room] = room;
    this.words[at + memberField.user] = user;
    this.setPair(at + memberField.sequenceLow, sequence);
    this.setPair(at + memberField.atLow, atMs);
  }

  /** Begins a record with its header and texts; returns where. The fields are zeros. */
  private begin(kind: RecordKind, textsAt: number, texts: readonly Text[]): number {
    const length = textsAt + texts.reduce((sum, text) => sum + textWords(text.length), 0);
    const at = this.lengthWords;
    this.makeRoom(length);
    this.words.fill(0, at, at + length);
    this.words[at] = length;
    this.words[at + recordHeaderWords - 1] = kind | (recordVersion << 8);
    const bytes = Buffer.from(this.words.buffer);
    let textAt = at + textsAt;
    for (const text of texts) {
      if (typeof text === 'string') bytes.write(text, textAt * 4, 'latin1');
      else bytes.set(text, textAt * 4);
      textAt += textWords(text.length);
    }
    this.lengthWords += length;
    return at;
  }

  private makeRoom(words: number): void {
    if (this.lengthWords + words <= this.words.length) return;
    const larger = new Int32Array(Math.max(this.words.length * 2, this.lengthWords + words));
    larger.set(this.words.subarray(0, this.lengthWords));
    this.words = larger;
  }

  private setPair(at: number, value: number): void {
    this.words[at] = lowWord(value);
    this.words[at + 1] = highWord(value);
  }
}

/** One record in words. */
export function encodeRecord(record: JournalRecord): Int32Array {
  return new RecordWriter().record(record).taken();
}
