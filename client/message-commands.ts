/** Commands that send messages and show them. */
import { request, tokenIn, type CommandRow } from './command-row';
import { historyPageOf, messagePageOf, type ChatMessage } from './chat-message';
import { splitCommand, splitWords } from './command-words';
import { objectMembers, pythonStyle } from './json-text';
import { messageText } from './message-text';
import { inboxTextOf } from './reply';
import { refusal, requestLines } from './request-lines';
import type { SessionState } from './session-state';
import { answer, errorLine, hint, print, type OutputLine, type Step } from './step';

const historyLimitDefault = 20;

export const send: CommandRow = {
  name: 'send',
  parameters: 'USERNAME|#ROOM MESSAGE',
  summary: 'send a message',
  needsLogin: true,
  completes: ['destination'],
  run: runSend,
};

export const reply: CommandRow = {
  name: 'reply',
  aliases: ['r'],
  parameters: 'MESSAGE',
  summary: 'send a message to where the last one came from',
  needsLogin: true,
  isLiveOnly: true,
  run: runReply,
};

export const inbox: CommandRow = {
  name: 'inbox',
  summary: 'show the messages that are unread, and mark them read',
  needsLogin: true,
  run: runInbox,
};

export const history: CommandRow = {
  name: 'history',
  parameters: 'USERNAME|#ROOM [COUNT [BEFORE]]',
  summary: `show a conversation, its latest ${historyLimitDefault} messages or as many as you say`,
  needsLogin: true,
  completes: ['destination'],
  run: runHistory,
};

export const search: CommandRow = {
  name: 'search',
  parameters: 'WORDS [@USERNAME|#ROOM]',
  summary: 'show your messages that hold all of the words, latest first',
  needsLogin: true,
  run: runSearch,
};

function runSend(state: SessionState, rest: string): Step {
  const { command: destination, rest: text } = splitCommand(rest);
  const line = requestLines.send(tokenIn(state), destination, text);
  if (state.isSubscribed) {
    state.remember([destination]);
    return { do: 'post', destination, text: text.trim() };
  }
  const step = request(line, () => {
    state.remember([destination]);
    return [answer(sentText(destination))];
  });
  return { ...step, shown: true };
}

/** The seed's line for a message that the server has taken. */
export function sentText(destination: string): string {
  return `message sent to ${destination}`;
}

function runReply(state: SessionState, rest: string): Step {
  const { lastCorrespondent } = state;
  if (rest.trim() === '') throw refusal('BAD_COMMAND');
  if (lastCorrespondent === undefined)
    return print(errorLine('nobody has written yet; use send USERNAME MESSAGE'));
  return runSend(state, `${lastCorrespondent} ${rest}`);
}

function runInbox(state: SessionState): Step {
  return request(requestLines.inbox(tokenIn(state)), (taken) => {
    const inboxText = inboxTextOf(taken);
    state.remember(objectMembers(inboxText).map(([sender]) => sender));
    return [answer(pythonStyle(inboxText))];
  });
}

function runHistory(state: SessionState, rest: string): Step {
  const [peerOrRoom, countText = String(historyLimitDefault), beforeId, ...extra] = splitWords(rest);
  const count = Number(countText);
  if (peerOrRoom === undefined || extra.length > 0 || !Number.isSafeInteger(count))
    throw refusal('BAD_COMMAND');
  return request(requestLines.history(tokenIn(state), peerOrRoom, count, beforeId), (found) => {
    const { messages, before } = historyPageOf(found);
    state.remember([peerOrRoom]);
    const lines = linesOf(state, messages);
    return before === undefined
      ? lines
      : [...lines, hint(`there is more: history ${peerOrRoom} ${count} ${before}`)];
  });
}

function runSearch(state: SessionState, rest: string): Step {
  const words = rest.trimEnd();
  return request(requestLines.search(tokenIn(state), words), (found) => {
    const { messages, before } = messagePageOf(found);
    const lines = linesOf(state, messages);
    if (before === undefined) return lines;
    return [...lines, hint(`there is more: search ${words.replace(/ +<\S*$/, '')} <${before}`)];
  });
}

function linesOf(state: SessionState, messages: readonly ChatMessage[]): OutputLine[] {
  if (messages.length === 0) return [hint('no messages.')];
  const options = { reader: state.username, columns: state.setting.columns(), now: new Date() };
  return messages.map((message) => answer(messageText(message, options)));
}
