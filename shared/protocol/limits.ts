/**
 * Every bound of the wire contract, in one place. Bytes are bytes of UTF-8 unless a name says otherwise.
 *
 * Source: PROTOCOL.md, "Limits". Bounds that an operator can change (`--max-line`, `--max-connections`, …) have
 * their defaults here and their flags in `server/options.ts`.
 */

/** A request line, without its line end. `--max-line`. */
export const lineBytesMaxDefault = 8_192;
/** The range `--max-line` accepts: the shortest that holds the longest `send`, the longest that one batch can carry. */
export const lineBytesMaxRange = { min: 4_352, max: 65_536 } as const;
/** What a line that was cut for its length has more than the bound: see `LineFramer`. */
export const cutLineExtraBytes = 3;

/** A username, or a room name without its `#`: `a-z 0-9 . _ -`. */
export const nameBytesMax = 32;
/** Visible characters without spaces, counted as Unicode code points. */
export const passwordCharactersMax = 128;
export const displayNameCharactersMax = 64;
/** A message text, trimmed. */
export const messageBytesMax = 4_096;
/** The longest a message text becomes once escaped for JSON in 7-bit ASCII: two bytes of UTF-8 become `\uXXXX`. */
export const messageEscapedBytesMax = messageBytesMax * 3;

/** An idempotency key: visible ASCII. */
export const keyBytesMax = 64;
/** How long it is remembered, unless there are too many. */
export const keyLifetimeSeconds = 86_400;

/** Messages that one `fetch` shows, at most, and where the request does not say. */
export const fetchMessagesMax = 1_000;
export const fetchMessagesDefault = 100;

/** Messages that one `history` gives, at most, and where the request does not say. */
export const historyMessagesMax = 1_000;
export const historyMessagesDefault = 50;
/** Messages that one `search` gives. */
export const searchMessagesMax = 50;

/** Members of one room, and rooms that one user is in. */
export const roomMembersMax = 10_000;
export const roomsOfUserMax = 32;

/** One reply, with its terminator. What does not fit stays in the inbox. */
export const replyBytesMax = 1_048_576;

export const portDefault = 8_889;
export const hostDefault = '127.0.0.1';

/** What ends every reply. */
export const replyTerminator = '\r\n\r\n';
/** What our clients end a request with; servers of the original program wait for both characters. */
export const requestTerminator = '\r\n';
