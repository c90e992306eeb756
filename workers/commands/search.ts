import { MessageId } from '../../shared/protocol/message-id';
import { Name } from '../../shared/protocol/name';
import type { HistoryCommand } from '../command';
import { findPeer } from './history';

const roomSign = '#';
const placeSigns = `@${roomSign}`;
const beforeSign = '<';

/** `search <token> <words> [@peer or #room] [<id]`: a user's most recent messages that hold all words. */
export const search: HistoryCommand = {
  name: 'search',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'text', label: 'words' },
  ],
  needsSession: true,
  summary:
    'your messages that hold all words, most recent first; a last word @peer or #room narrows the search',

  lookUp({ store, request, requestBytes, reply, settings, user }) {
    if (!settings.keepsHistory) {
      reply.error('NO_HISTORY');
      return undefined;
    }
    const text = requestBytes.toString('utf8', request.text.start, request.text.end);
    const [textBefore, before] = takeLastWord(text, beforeSign);
    const id = before === undefined ? undefined : parseId(before.slice(1));
    if (before !== undefined && id === undefined) {
      reply.error('NO_SUCH_MESSAGE');
      return undefined;
    }
    const [words, place] = takeLastWord(textBefore, placeSigns);
    const peer =
      place === undefined
        ? undefined
        : findPeer(store, user, parseName(place.slice(1)), place.startsWith(roomSign));
    if (typeof peer === 'string') {
      reply.error(peer);
      return undefined;
    }
    return { kind: 'search', user, words, peer, before: id?.sequence };
  },
};

/**
 * What stands before the last word of a text, and that word, if it begins with one of the signs and is not the first.
 * Not a regular expression: over a run of spaces one takes the square of its length.
 */
function takeLastWord(text: string, signs: string): [rest: string, word: string | undefined] {
  let end = text.lastIndexOf(' ');
  const word = text.slice(end + 1);
  if (end < 0 || word === '' || !signs.includes(word[0]!)) return [text, undefined];
  while (text[end - 1] === ' ') end -= 1;
  return [text.slice(0, end), word];
}

function parseName(text: string): Name | undefined {
  const name = new Name();
  return name.readText(text) ? name : undefined;
}

function parseId(text: string): MessageId | undefined {
  const id = new MessageId();
  const bytes = Buffer.from(text, 'utf8');
  return id.read(bytes, 0, bytes.length) ? id : undefined;
}
