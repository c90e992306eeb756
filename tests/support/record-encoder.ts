/** Writes records as the store does, for tests of what reads them. Plain and slow. */
import {
  highWord,
  lowWord,
  memberField,
  messageField,
  passwordField,
  readField,
  recordKind,
  recordVersion,
  roomCreatedField,
  sessionClosedField,
  sessionOpenedField,
  textWords,
  userCreatedField,
  userRemovedField,
} from '../../shared/journal/record';
import type { JournalRecord, RecordKind } from '../../shared/journal/record';

/** The record in words. */
export function encodeRecord(record: JournalRecord): Int32Array {
  switch (record.kind) {
    case 'message':
      return build(record.kind, messageField.text, [record.text, bytesOf(record.key)], {
        [messageField.receiver]: record.receiver,
        [messageField.sender]: record.sender,
        [messageField.sequenceLow]: lowWord(record.sequence),
        [messageField.sequenceHigh]: highWord(record.sequence),
        [messageField.atLow]: lowWord(record.atMs),
        [messageField.atHigh]: highWord(record.atMs),
        [messageField.textBytes]: record.text.length,
        [messageField.keyBytes]: record.key.length,
      });
    case 'read':
      return build(record.kind, readField.end, [], {
        [readField.user]: record.user,
        [readField.sequenceLow]: lowWord(record.sequence),
        [readField.sequenceHigh]: highWord(record.sequence),
      });
    case 'userCreated': {
      const texts = [record.username, record.displayName, record.passwordHash].map((text) => bytesOf(text));
      return build(record.kind, userCreatedField.texts, texts, {
        [userCreatedField.user]: record.user,
        [userCreatedField.atLow]: lowWord(record.atMs),
        [userCreatedField.atHigh]: highWord(record.atMs),
        [userCreatedField.nameBytes]: texts[0]!.length,
        [userCreatedField.displayNameBytes]: texts[1]!.length,
        [userCreatedField.passwordHashBytes]: texts[2]!.length,
      });
    }
    case 'passwordChanged':
    case 'passwordRenewed': {
      const hash = bytesOf(record.passwordHash);
      const kept =
        record.kind === 'passwordChanged' ? tokenAt(passwordField.keptToken, record.keptToken) : {};
      return build(record.kind, passwordField.texts, [hash], {
        [passwordField.user]: record.user,
        [passwordField.passwordHashBytes]: hash.length,
        ...kept,
      });
    }
    case 'sessionOpened':
      return build(record.kind, sessionOpenedField.end, [], {
        ...tokenAt(sessionOpenedField.token, record.token),
        [sessionOpenedField.user]: record.user,
        [sessionOpenedField.atSeconds]: record.atSeconds,
      });
    case 'sessionClosed':
      return build(record.kind, sessionClosedField.end, [], tokenAt(sessionClosedField.token, record.token));
    case 'userRemoved':
      return build(record.kind, userRemovedField.end, [], { [userRemovedField.user]: record.user });
    case 'roomCreated':
      return build(record.kind, roomCreatedField.name, [bytesOf(record.name)], {
        ...memberChange(record),
        [roomCreatedField.nameBytes]: record.name.length,
      });
    case 'roomJoined':
    case 'roomLeft':
      return build(record.kind, memberField.end, [], memberChange(record));
  }
}

/** What fills the ring before its end. */
export function encodeFiller(wordCount: number): Int32Array {
  return Int32Array.from({ length: wordCount }, (_, index) =>
    index === 0 ? wordCount : index === 1 ? recordKind.filler | (recordVersion << 8) : -1,
  );
}

export function joinRecords(records: readonly Int32Array[]): Int32Array {
  return Int32Array.from(records.flatMap((words) => [...words]));
}

function build(
  kind: Exclude<keyof typeof recordKind, 'filler'>,
  fieldsEnd: number,
  texts: readonly Uint8Array[],
  fields: Readonly<Record<number, number>>,
): Int32Array {
  const length = fieldsEnd + texts.reduce((sum, text) => sum + textWords(text.length), 0);
  const words = new Int32Array(length);
  words[0] = length;
  words[1] = (recordKind[kind] satisfies RecordKind) | (recordVersion << 8);
  for (const [word, value] of Object.entries(fields)) words[Number(word)] = value;
  const bytes = new Uint8Array(words.buffer);
  let at = fieldsEnd;
  for (const text of texts) {
    bytes.set(text, at * 4);
    at += textWords(text.length);
  }
  return words;
}

function memberChange(record: JournalRecord & { kind: `room${string}` }): Record<number, number> {
  return {
    [memberField.room]: record.room,
    [memberField.user]: record.user,
    [memberField.sequenceLow]: lowWord(record.sequence),
    [memberField.sequenceHigh]: highWord(record.sequence),
    [memberField.atLow]: lowWord(record.atMs),
    [memberField.atHigh]: highWord(record.atMs),
  };
}

function tokenAt(word: number, token: Int32Array): Record<number, number> {
  return Object.fromEntries([...token].map((value, index) => [word + index, value]));
}

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(Buffer.from(text, 'latin1'));
}
