import type { Account } from './account';

/**
 * The reply bytes of the contract, written out by hand. Nothing here uses the product's encoder: a mistake in it
 * would then agree with itself.
 */

export const messageSent = ok('"message": "Message Sent"');
export const loggedOut = ok('"messages": "Logged Out!"');
export const emptyInbox = ok('"messages": {}');
export const nothingUnread = ok('"messages": [], "more": false');
export const acknowledged = ok('"message": "Acknowledged"');
export const tokenReply =
  /^\{"status": "OK", "tokenid": "([0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})"\}\r\n\r\n$/;
export const activeUsersReply = /^\{"status": "OK", "message": "((?:[a-z0-9._-]+, )*)"\}\r\n\r\n$/;
/** An OK of any content: for replies that the contract leaves open. */
export const anyOk = /^\{"status": "OK"[ -~]*\}\r\n\r\n$/;

export const wrongPassword = error('Password Salah', 'WRONG_PASSWORD');
export const noSuchUser = error('User Tidak Ada', 'NO_SUCH_USER');
export const recipientNotFound = error('User tidak ditemukan', 'RECIPIENT_NOT_FOUND');
export const badCommand = error('Command tidak benar', 'BAD_COMMAND');
export const badSession = error('Session Tidak Ditemukan', 'BAD_SESSION');
export const badRequest = error('Request tidak valid', 'BAD_REQUEST');
export const lineTooLong = error('Request terlalu panjang', 'LINE_TOO_LONG');
export const noSuchMessage = error('Pesan tidak ditemukan', 'NO_SUCH_MESSAGE');
/** Its id is the first group. */
export const posted = /^\{"status": "OK", "id": "([!-~]{1,64}?)", "duplicate": false\}\r\n\r\n$/;
export const messageTooLong = errorCoded('MESSAGE_TOO_LONG');

/** What one sender's messages look like in an inbox. `texts` are given as they stand in the reply, escaped. */
export interface InboxGroup {
  readonly sender: Account;
  readonly texts: readonly string[];
}

/** The reply to `inbox` of `reader`, groups in the order given. */
export function inboxReply(reader: Account, groups: readonly InboxGroup[]): string {
  const members = groups.map(({ sender, texts }) => {
    const names = `"msg_from": "${inAscii(sender.displayName)}", "msg_to": "${inAscii(reader.displayName)}"`;
    const messages = texts.map((text) => `{${names}, "msg": "${text}"}`);
    return `"${sender.username}": [${messages.join(', ')}]`;
  });
  return ok(`"messages": {${members.join(', ')}}`);
}

/** A message as `fetch` shows it. `text` is given as it stands in the reply, escaped. */
export interface ShownMessage {
  readonly sender: Account;
  readonly receiver: Account;
  readonly text: string;
}

/** The reply to `fetch`, whatever the ids and times. */
export function messagesReply(messages: readonly ShownMessage[], more: boolean): RegExp {
  const frames = messages.map(({ sender, receiver, text }) => {
    const from = `"from": "${sender.username}", "msg_from": "${inAscii(sender.displayName)}"`;
    const to = `"to": "${receiver.username}", "msg_to": "${inAscii(receiver.displayName)}"`;
    return `{"id": "<id>", ${from}, ${to}, "msg": "${text}", "at": "<time>"}`;
  });
  const reply = ok(`"messages": [${frames.join(', ')}], "more": ${more}`);
  const pattern = reply.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
  const id = '[!-~]{1,64}';
  const time = '\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z';
  return new RegExp(`^${pattern.replace(/<id>/g, id).replace(/<time>/g, time)}$`);
}

export function activeUsers(...accounts: readonly Account[]): string {
  return ok(`"message": "${accounts.map(({ username }) => `${username}, `).join('')}"`);
}

export function ok(members: string): string {
  return `{"status": "OK", ${members}}\r\n\r\n`;
}

export function error(text: string, code: string): string {
  return `{"status": "ERROR", "message": "${text}", "code": "${code}"}\r\n\r\n`;
}

/** An error whose text the contract leaves open. */
export function errorCoded(code: string): RegExp {
  return new RegExp(`^\\{"status": "ERROR", "message": "[ -~]+", "code": "${code}"\\}\\r\\n\\r\\n$`);
}

/** A name as the inside of a JSON string in 7-bit ASCII. */
export function inAscii(text: string): string {
  return JSON.stringify(text)
    .slice(1, -1)
    .replace(/[\u007f-\uffff]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
