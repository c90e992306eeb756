import { formatAddress } from './address';
import type { ChatError } from './chat-error';
import type { ClientOptions } from './options';
import { typedTlsFlags } from './tls-flags';

/** Where to connect to, and how to know that it is the right server. */
type Target = Pick<ClientOptions, 'address' | 'tls'>;

/** What to tell the user, and what the user can do, when there is no connection to be had. */
export function connectFailureText(error: ChatError, target: Target): string {
  const place = formatAddress(target.address);
  if (error.code === 'CERTIFICATE_CHANGED') return changedCertificateText(error, target);
  return `chat-client: cannot connect to ${place}: ${error.message}. ${adviceFor(error, target)}`;
}

/** The same for a connection that ended before the user wanted it to. */
export function lostConnectionText(error: ChatError, target: Target): string {
  const place = formatAddress(target.address);
  if (error.code === 'BAD_REPLY') {
    return `chat-client: ${error.message}. Is it a chat server that listens at ${place}?`;
  }
  return (
    `chat-client: the connection to ${place} is lost: ${error.message}. ` +
    `A command that got no answer may have been carried out all the same. ` +
    `To connect again: chat-client connect ${typedTlsFlags(target.tls)}${place}`
  );
}

/** Of messages, or commands, that had no answer when the user left; what became of each has been said. */
export function unansweredText(count: number, what: 'message' | 'command'): string {
  return `chat-client: ${count} ${what}${count === 1 ? ' was' : 's were'} left without an answer.`;
}

function adviceFor(error: ChatError, { address, tls }: Target): string {
  const place = formatAddress(address);
  switch (error.code) {
    case 'CONNECTION_REFUSED':
      return 'Is the server running? Start it with: chat-server';
    case 'HOST_NOT_FOUND':
      return 'Is the name of the host spelled right?';
    case 'RATE_LIMITED':
      return 'Close some, or try again later.';
    case 'TLS_NOT_SPOKEN':
      return `In plain text, which others on the way can read: chat-client connect ${place}`;
    case 'CERTIFICATE_UNTRUSTED':
      return untrustedCertificateAdvice(error, place);
    case 'TIMEOUT':
      return typedTlsFlags(tls) !== ''
        ? 'Can this machine reach that host, is the port open, and does it speak TLS?'
        : 'Can this machine reach that host, and is the port open?';
    default:
      return 'Can this machine reach that host, and is the port open?';
  }
}

function untrustedCertificateAdvice({ members }: ChatError, place: string): string {
  const fingerprint = String(members.fingerprint);
  return (
    `Its SHA-256 fingerprint is ${fingerprint}. If the operator of the server tells you the same ` +
    `(chat-server prints it when it starts), type: ` +
    `chat-client connect --tls --tls-fingerprint ${fingerprint} ${place} ` +
    `(or, with an authority of your own, --tls-ca FILE). Nothing has been sent.`
  );
}

function changedCertificateText({ members }: ChatError, { address, tls }: Target): string {
  return (
    `chat-client: REFUSED: ${formatAddress(address)} shows another certificate than the one you named: ` +
    `expected ${tls.tlsFingerprint ?? ''}, seen ${String(members.fingerprint)}. ` +
    'Somebody may stand between you and the server, or it has a new certificate: ask its operator. ' +
    'Nothing has been sent.'
  );
}
