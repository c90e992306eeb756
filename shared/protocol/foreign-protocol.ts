/**
 * Recognizes clients that came to the wrong port, so that they can be told in one line what this port speaks.
 */

export type ForeignProtocol = 'TLS' | 'HTTP';

const tlsHandshake = 0x16;
const tlsMajorVersion = 0x03;
const newline = 0x0a;
/** The longest registered method is UPDATEREDIRECTREF; some have a dash. */
const httpRequestLine = /^[A-Z][A-Z-]{2,16} \S+ HTTP\/\d/;

/** How many first bytes tell a TLS client. One alone may be a control character that somebody sent by mistake. */
export const tlsMarkBytes = 2;

/** What the first bytes of a connection show; undefined when they may be ours. */
export function detectForeignProtocol(firstBytes: Uint8Array): ForeignProtocol | undefined {
  const first = firstBytes[0];
  if (first === tlsHandshake && firstBytes[1] === tlsMajorVersion) return 'TLS';
  // No command of ours begins with a capital letter.
  if (first === undefined || first < 0x41 || first > 0x5a) return undefined;
  const lineEnd = firstBytes.indexOf(newline);
  const firstLine = Buffer.from(lineEnd < 0 ? firstBytes : firstBytes.subarray(0, lineEnd)).toString(
    'latin1',
  );
  return httpRequestLine.test(firstLine) ? 'HTTP' : undefined;
}
