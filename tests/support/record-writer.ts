/** Journal records for tests, as the threads that make changes would write them. */
import {
  highWord,
  lowWord,
  messageField,
  passwordField,
  readField,
  recordHeaderWords,
  type RecordKind,
  recordKind,
  recordVersion,
  sessionClosedField,
  sessionOpenedField,
  textWords,
  userCreatedField,
  userRemovedField,
} from '../../shared/journal/record';

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

  message(receiver: number, sender: number, sequence: number, atMs: number, text: string): this {
    const at = this.begin(recordKind.message, messageField.text, [text]);
    this.words[at + messageField.receiver] = receiver;
    this.words[at + messageField.sender] = sender;
    this.setPair(at + messageField.sequenceLow, sequence);
    this.setPair(at + messageField.atLow, atMs);
    this.words[at + messageField.textBytes] = text.length;
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

  private password(kind: RecordKind, user: number, passwordHash: string): number {
    const at = this.begin(kind, passwordField.texts, [passwordHash]);
    this.words[at + passwordField.user] = user;
    this.words[at + passwordField.passwordHashBytes] = passwordHash.length;
    return at;
  }

  /** Begins a record with its header and texts; returns where. The fields are zeros. */
  private begin(kind: RecordKind, textsAt: number, texts: readonly string[]): number {
    const length = textsAt + texts.reduce((sum, text) => sum + textWords(text.length), 0);
    const at = this.lengthWords;
    this.makeRoom(length);
    this.words.fill(0, at, at + length);
    this.words[at] = length;
    this.words[at + recordHeaderWords - 1] = kind | (recordVersion << 8);
    const bytes = Buffer.from(this.words.buffer);
    let textAt = at + textsAt;
    for (const text of texts) {
      bytes.write(text, textAt * 4, 'latin1');
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
