/**
 * What can go wrong on this side of the wire. Never renamed or reused; the codes of error replies (PROTOCOL.md,
 * "Errors") come as the server sent them.
 */
export type ClientErrorCode =
  /** Nothing listens at that address. */
  | 'CONNECTION_REFUSED'
  /** The name of the host does not resolve. */
  | 'HOST_NOT_FOUND'
  /** No route to the host. */
  | 'HOST_UNREACHABLE'
  /** The port answers in plain text. */
  | 'TLS_NOT_SPOKEN'
  /** The server's certificate is not signed by anybody trusted, not for this name, or not valid now. */
  | 'CERTIFICATE_UNTRUSTED'
  /** The server's certificate is not the one whose fingerprint was given. */
  | 'CERTIFICATE_CHANGED'
  /** Any other failure to connect. */
  | 'CONNECTION_FAILED'
  /** The connection ended before the reply came, or had ended before the request. */
  | 'CONNECTION_CLOSED'
  /** No connection, or no reply, within the time allowed. */
  | 'TIMEOUT'
  /** What came back is not a reply of this protocol. */
  | 'BAD_REPLY'
  /** As many requests wait for their replies as this connection allows: await some first. */
  | 'TOO_MANY_PENDING'
  /** As many messages wait to be sent as the outbox holds: await some first. */
  | 'OUTBOX_FULL'
  /** A message was sent so long ago, with its outcome unknown, that sending it again could double it. */
  | 'POST_EXPIRED'
  /** An error reply of an original server, which sends no code. */
  | 'UNSPECIFIED';

/** A failure with a stable `code`. Match on `code`; `message` is for people. */
export class ChatError extends Error {
  override readonly name = 'ChatError';
  /** A `ClientErrorCode`, or a code of the protocol's error replies. */
  readonly code: string;
  /** The members of the error reply, when the server sent one: they may say more, such as `retry_ms`. */
  readonly members: Readonly<Record<string, unknown>>;

  constructor(
    code: string,
    message: string,
    details: { cause?: unknown; members?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.members = details.members ?? {};
  }
}
