import { formatAddress, type Address } from './address';
import type { ChatError } from './chat-error';

/** What to tell the user, and what the user can do, when there is no connection to be had. */
export function connectFailureText(error: ChatError, address: Address): string {
  const place = formatAddress(address);
  return `chat-client: cannot connect to ${place}: ${error.message}. ${adviceFor(error.code)}`;
}

/** The same for a connection that ended before the user wanted it to. */
export function lostConnectionText(error: ChatError, address: Address): string {
  const place = formatAddress(address);
  if (error.code === 'BAD_REPLY') {
    return `chat-client: ${error.message}. Is it a chat server that listens at ${place}?`;
  }
  return (
    `chat-client: the connection to ${place} is lost: ${error.message}. ` +
    `A command that got no answer may have been carried out all the same. ` +
    `To connect again: chat-client connect ${place}`
  );
}

/** What became of messages that had no answer when the user left. */
export function unsentText(count: number): string {
  return `chat-client: ${count} ${count === 1 ? 'message was' : 'messages were'} not sent.`;
}

function adviceFor(code: string): string {
  switch (code) {
    case 'CONNECTION_REFUSED':
      return 'Is the server running? Start it with: chat-server';
    case 'HOST_NOT_FOUND':
      return 'Is the name of the host spelled right?';
    default:
      return 'Can this machine reach that host, and is the port open?';
  }
}
