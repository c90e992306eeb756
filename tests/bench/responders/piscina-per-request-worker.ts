/** The pool's side of `piscina-per-request`: the fixed reply, after as much parsing as tells the command. */

const sent = '{"status": "OK", "message": "Message Sent"}\r\n\r\n';
const emptyInbox = '{"status": "OK", "messages": {}}\r\n\r\n';

export default function replyTo(line: string): string {
  return line.startsWith('inbox ') ? emptyInbox : sent;
}
