import { visibleText } from './visible-text';
import type { ChatError } from './chat-error';
import type { ChatMessage } from './chat-message';
import type { LiveView, Notice } from './live-view';
import { sentText } from './message-commands';
import { messageText, personText } from './message-text';
import type { Printer } from './printer';
import type { Reply } from './reply';
import { forgottenLoginText } from './session';
import type { SessionState } from './session-state';
import { answer, errorLine, hint, type OutputLine } from './step';

/** The screen under the view: everything printed goes above the line being typed. */
export interface PromptScreen {
  readonly isTyping: boolean;
  readonly columns: number;
  setPrompt(prompt: string): void;
  /** Resolves when everything printed so far is on the screen. */
  shown(): Promise<void>;
}

/** What the prompt tells, besides who is logged in. */
export interface PromptFacts {
  readonly isOffline: boolean;
  readonly pendingCount: number;
  /** Messages that came since the last line was entered. */
  readonly newCount: number;
}

/** How much of a message that is too long is repeated. */
const beginningCharacters = 100;

/** Codes of a message that the server may or may not have stored. */
const unknownOutcomeCodes: ReadonlySet<string> = new Set(['UNKNOWN_OUTCOME', 'POST_EXPIRED']);

/** A live conversation as a person sees it on a terminal. */
export class TerminalView implements LiveView {
  private isOffline = false;
  /** The server has said that it goes down. */
  private isRestarting = false;
  private newCount = 0;
  /** Set once the conversation that this shows is there. */
  pendingCount: () => number = () => 0;

  constructor(
    private readonly screen: PromptScreen,
    private readonly printer: Printer,
    private readonly state: SessionState,
  ) {}

  get isTyping(): boolean {
    return this.screen.isTyping;
  }

  get prompt(): string {
    const { isOffline, newCount } = this;
    const facts = { isOffline, newCount, pendingCount: this.pendingCount() };
    return this.printer.prompt(visibleText(promptText(this.state.username, facts)));
  }

  /** A line was entered: what came before it has been seen. */
  entered(): void {
    this.newCount = 0;
    this.changed();
  }

  print(lines: readonly OutputLine[]): void {
    this.printer.print(lines);
  }

  reply(_reply: Reply, lines: readonly OutputLine[]): void {
    this.print(lines);
    this.changed();
  }

  failed(error: ChatError): void {
    this.print([errorLine(error.message, error.code)]);
  }

  kept(destination: string): void {
    this.changed();
    this.print([hint(`not connected: kept, to be sent to ${destination} as soon as possible.`)]);
  }

  posted(destination: string): void {
    this.changed();
    this.print([answer(sentText(destination))]);
  }

  postFailed(destination: string, text: string, error: ChatError): void {
    this.changed();
    const fate = unknownOutcomeCodes.has(error.code) ? 'may or may not have been' : 'was not';
    // The whole of a line that is too long would scroll the error off the screen.
    const repeated = error.code === 'LINE_TOO_LONG' ? beginningOf(text) : text;
    this.print([
      errorLine(error.message, error.code),
      hint(`this ${fate} sent to ${destination}: ${repeated}`),
    ]);
  }

  message(message: ChatMessage): Promise<void> {
    this.newCount += 1;
    this.changed();
    const { columns } = this.screen;
    const text = messageText(message, { reader: this.state.username, columns, now: new Date() });
    this.print([{ kind: 'message', text }]);
    return this.screen.shown();
  }

  notice(notice: Notice): void {
    if (notice.kind === 'restart') this.isRestarting = true;
    const text = noticeText(notice, this.state.username);
    if (text !== undefined) this.print([{ kind: 'notice', text }]);
  }

  online(): void {
    const wasOffline = this.isOffline;
    this.isOffline = false;
    this.changed();
    if (wasOffline) this.print([hint('connected again.')]);
  }

  offline(reason: ChatError): void {
    const wasExpected = this.isOffline || this.isRestarting;
    this.isOffline = true;
    this.isRestarting = false;
    this.changed();
    if (!wasExpected) this.print([hint(`connection lost: ${reason.message}. Connecting again.`)]);
  }

  loggedOut(error: ChatError): void {
    this.changed();
    this.print([errorLine(error.message, error.code), hint(forgottenLoginText)]);
  }

  classic(): void {
    this.print([hint('this server sends no messages by itself: look for them with inbox.')]);
  }

  changed(): void {
    this.screen.setPrompt(this.prompt);
  }
}

/** `Command messi (offline, 1 pending, 2 new):`, as much of it as there is to tell. */
export function promptText(username: string | undefined, facts: PromptFacts): string {
  const { isOffline, pendingCount, newCount } = facts;
  const told = [
    isOffline ? 'offline' : '',
    pendingCount > 0 ? `${pendingCount} pending` : '',
    newCount > 0 ? `${newCount} new` : '',
  ].filter((fact) => fact !== '');
  const parenthesis = told.length === 0 ? '' : `(${told.join(', ')})`;
  return `Command ${[username ?? '', parenthesis].filter(Boolean).join(' ')}:`;
}

function noticeText(notice: Notice, reader: string | undefined): string | undefined {
  switch (notice.kind) {
    case 'presence': {
      const { name, user, isOnline } = notice.presence;
      return `* ${personText(name, user)} is ${isOnline ? 'online' : 'offline'}`;
    }
    case 'join': {
      const { name, user, room } = notice.change;
      // The reply to one's own join says so already.
      return user === reader ? undefined : `* ${personText(name, user)} joined ${room}`;
    }
    case 'leave': {
      const { name, user, room } = notice.change;
      return user === reader
        ? `* you are not in ${room} any more`
        : `* ${personText(name, user)} left ${room}`;
    }
    case 'restart':
      return `* the server restarts; back in ${(notice.retryMs / 1_000).toFixed(1)} s`;
    case 'gap':
      return '* messages came faster than this connection; those that it missed follow';
    case 'read':
      // Read on another device: here it has been shown all the same.
      return undefined;
  }
}

function beginningOf(text: string): string {
  const characters = Array.from(text);
  return characters.length <= beginningCharacters
    ? text
    : `${characters.slice(0, beginningCharacters).join('')}…`;
}
