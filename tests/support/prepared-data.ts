import { mkdirSync } from 'node:fs';
import { dataFolders } from '../../shared/journal/data-folders';
import { SegmentLog } from '../../shared/journal/segment-log';
import { issueToken } from '../../shared/protocol/token';
import { Tables } from '../../workers/tables/tables';
import { RecordWriter } from './record-writer';

/**
 * Makes a data directory with users `user1`, `user2`, …, each with a session, as a server would have left it; returns
 * the tokens. Their passwords are not hashed, since that is slow: they cannot log in, and need not.
 * @param room a room that all of them are in
 */
export async function prepareUsers(data: string, count: number, room?: string): Promise<string[]> {
  mkdirSync(data);
  const { tables, journal } = dataFolders(data);
  await (await Tables.open(tables)).close();
  const nowMs = Date.now();
  const writer = new RecordWriter();
  const tokens = writeUsers(writer, count, nowMs);
  for (let user = 1; room !== undefined && user <= count; user += 1) {
    if (user === 1) writer.roomCreated(1, user, user, nowMs, room);
    else writer.roomJoined(1, user, user, nowMs);
  }
  const words = writer.taken();
  const log = SegmentLog.open(journal, { startPosition: 0 });
  log.append([new Uint8Array(words.buffer, words.byteOffset, words.byteLength)]);
  log.sync();
  log.close();
  return tokens;
}

/** Writes the users `user1`, `user2`, …, each with a session; returns the tokens. No password fits theirs. */
export function writeUsers(writer: RecordWriter, count: number, nowMs: number): string[] {
  const tokens: string[] = [];
  for (let user = 1; user <= count; user += 1) {
    const words = new Int32Array(4);
    tokens.push(issueToken(words));
    writer.userCreated(user, nowMs, `user${user}`, `User ${user}`, 'none');
    writer.sessionOpened(words, user, Math.floor(nowMs / 1_000));
  }
  return tokens;
}
