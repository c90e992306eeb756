/**
 * The values of the small tables. Everything is little-endian; `f64` holds a whole number of up to 53 bits.
 *
 * ```
 *   users       flags u32 │ created at ms f64 │ bytes of each text 3 × u16 │ username │ display name │ password hash
 *   sessions    user u32 │ opened at seconds u32 │ order u32 (low bits of its record's position)
 *   rooms       owner u32 │ created at ms f64 │ ended at sequence f64 │ bytes of the name u16 │ name
 *   members     sequence of the joining f64 │ joined at ms f64
 *   partitions  first sequence f64 │ bytes of chunks f64 │ opened at ms f64 │ newest message at ms f64
 *   names       user u32
 *   meta        one f64 a word
 * ```
 *
 * A reader returns undefined for bytes that are no such row; its caller knows which row that is.
 */

const removedFlag = 1;
const userTexts = 18;
const sessionRowBytes = 12;
const roomName = 22;
const memberRowBytes = 16;
const partitionRowBytes = 32;

export interface UserRow {
  /** Folded, as the store looks it up. Kept after removal, for history. */
  readonly username: string;
  /** Escaped for JSON. */
  readonly displayName: string;
  /** Empty after removal. */
  readonly passwordHash: string;
  readonly createdAtMs: number;
  readonly removed: boolean;
}

export interface SessionRow {
  readonly user: number;
  readonly openedAtSeconds: number;
  /** Of two sessions opened in one second the lower came first. */
  readonly order: number;
}

export interface RoomRow {
  /** Without the `#`. Kept after the room's end, for history. */
  readonly name: string;
  /** A user; 0 after the room's end. */
  readonly owner: number;
  readonly createdAtMs: number;
  /** The newest sequence when its last member left; 0 while the room lives. */
  readonly endedSequence: number;
}

export interface MemberRow {
  /** The member has the messages after it. */
  readonly joinedSequence: number;
  readonly joinedAtMs: number;
}

/** A stretch of history: the messages from `firstSequence` on to where the next one begins. */
export interface PartitionRow {
  readonly firstSequence: number;
  readonly chunkBytes: number;
  readonly openedAtMs: number;
  readonly newestAtMs: number;
}

export function writeUserRow(row: UserRow): Buffer {
  const texts = [row.username, row.displayName, row.passwordHash];
  const textBytes = texts.reduce((sum, text) => sum + text.length, 0);
  const bytes = Buffer.allocUnsafe(userTexts + textBytes);
  bytes.writeUInt32LE(row.removed ? removedFlag : 0, 0);
  bytes.writeDoubleLE(row.createdAtMs, 4);
  let at = userTexts;
  for (const [index, text] of texts.entries()) {
    bytes.writeUInt16LE(text.length, 12 + index * 2);
    at += bytes.write(text, at, 'latin1');
  }
  return bytes;
}

export function readUserRow(bytes: Buffer): UserRow | undefined {
  if (bytes.length < userTexts) return undefined;
  const flags = bytes.readUInt32LE(0);
  const nameEnd = userTexts + bytes.readUInt16LE(12);
  const displayNameEnd = nameEnd + bytes.readUInt16LE(14);
  const end = displayNameEnd + bytes.readUInt16LE(16);
  if (end !== bytes.length || nameEnd === userTexts || flags > removedFlag) return undefined;
  return {
    username: bytes.toString('latin1', userTexts, nameEnd),
    displayName: bytes.toString('latin1', nameEnd, displayNameEnd),
    passwordHash: bytes.toString('latin1', displayNameEnd, end),
    createdAtMs: bytes.readDoubleLE(4),
    removed: flags === removedFlag,
  };
}

export function writeSessionRow(row: SessionRow): Buffer {
  const bytes = Buffer.allocUnsafe(sessionRowBytes);
  bytes.writeUInt32LE(row.user, 0);
  bytes.writeUInt32LE(row.openedAtSeconds >>> 0, 4);
  bytes.writeUInt32LE(row.order >>> 0, 8);
  return bytes;
}

export function readSessionRow(bytes: Buffer): SessionRow | undefined {
  if (bytes.length !== sessionRowBytes) return undefined;
  return {
    user: bytes.readUInt32LE(0),
    openedAtSeconds: bytes.readUInt32LE(4),
    order: bytes.readUInt32LE(8),
  };
}

export function writeRoomRow(row: RoomRow): Buffer {
  const bytes = Buffer.allocUnsafe(roomName + row.name.length);
  bytes.writeUInt32LE(row.owner, 0);
  bytes.writeDoubleLE(row.createdAtMs, 4);
  bytes.writeDoubleLE(row.endedSequence, 12);
  bytes.writeUInt16LE(row.name.length, 20);
  bytes.write(row.name, roomName, 'latin1');
  return bytes;
}

export function readRoomRow(bytes: Buffer): RoomRow | undefined {
  if (bytes.length <= roomName || bytes.length !== roomName + bytes.readUInt16LE(20)) return undefined;
  const [owner, endedSequence] = [bytes.readUInt32LE(0), bytes.readDoubleLE(12)];
  if (!isCount(endedSequence) || (owner === 0) !== endedSequence > 0) return undefined;
  const [name, createdAtMs] = [bytes.toString('latin1', roomName), bytes.readDoubleLE(4)];
  return { name, owner, createdAtMs, endedSequence };
}

export function writeMemberRow(row: MemberRow): Buffer {
  const bytes = Buffer.allocUnsafe(memberRowBytes);
  bytes.writeDoubleLE(row.joinedSequence, 0);
  bytes.writeDoubleLE(row.joinedAtMs, 8);
  return bytes;
}

export function readMemberRow(bytes: Buffer): MemberRow | undefined {
  if (bytes.length !== memberRowBytes) return undefined;
  const row = { joinedSequence: bytes.readDoubleLE(0), joinedAtMs: bytes.readDoubleLE(8) };
  return Object.values(row).every(isCount) ? row : undefined;
}

export function writePartitionRow(row: PartitionRow): Buffer {
  const bytes = Buffer.allocUnsafe(partitionRowBytes);
  bytes.writeDoubleLE(row.firstSequence, 0);
  bytes.writeDoubleLE(row.chunkBytes, 8);
  bytes.writeDoubleLE(row.openedAtMs, 16);
  bytes.writeDoubleLE(row.newestAtMs, 24);
  return bytes;
}

export function readPartitionRow(bytes: Buffer): PartitionRow | undefined {
  if (bytes.length !== partitionRowBytes) return undefined;
  const row = {
    firstSequence: bytes.readDoubleLE(0),
    chunkBytes: bytes.readDoubleLE(8),
    openedAtMs: bytes.readDoubleLE(16),
    newestAtMs: bytes.readDoubleLE(24),
  };
  return Object.values(row).every(isCount) ? row : undefined;
}

/** A row of one number of up to 53 bits. */
export function writeNumberRow(value: number): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeDoubleLE(value, 0);
  return bytes;
}

export function readNumberRow(bytes: Buffer): number | undefined {
  if (bytes.length !== 8) return undefined;
  const value = bytes.readDoubleLE(0);
  return isCount(value) ? value : undefined;
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}
