/** How messages read on a screen. */
import type { ChatMessage } from './chat-message';

/** Below this many columns a line holds as little as can be besides the text. */
const narrowColumns = 50;

export interface MessageTextOptions {
  /** The reader's username: what was sent to them need not say so. */
  readonly reader: string | undefined;
  /** The width of the screen; Infinity where there is none. */
  readonly columns: number;
  readonly now: Date;
}

/** `[06:00] Gary Lineker (lineker): halo`, with the room before the name, or whom it is to when that is not the reader. */
export function messageText(message: ChatMessage, { reader, columns, now }: MessageTextOptions): string {
  const { from, fromName, to, text, at } = message;
  const room = to.startsWith('#') ? `${to} ` : '';
  const receiver = room !== '' || to === reader ? '' : ` to ${to}`;
  if (columns < narrowColumns) return `${room}${from}${receiver}: ${text}`;
  return `[${timeText(at, now)}] ${room}${personText(fromName, from)}${receiver}: ${text}`;
}

/** A display name with the username that can be typed. */
export function personText(name: string, username: string): string {
  return name === username ? username : `${name} (${username})`;
}

/** The time of day where the reader is, and the day when it is another one. */
export function timeText(at: Date, now: Date): string {
  const time = `${twoDigits(at.getHours())}:${twoDigits(at.getMinutes())}`;
  return dayText(at) === dayText(now) ? time : `${dayText(at)} ${time}`;
}

function dayText(date: Date): string {
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
