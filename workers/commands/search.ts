import { MessageId } from '../../shared/protocol/message-id';
import { Name } from '../../shared/protocol/name';
import type { HistoryCommand } from '../command';
import { findPeer } from './history';

/** Words, whose conversation, and where the last page ended. */
const form = /^(.*?)(?: +([@#])([^ ]*))?(?: +<([^ ]*))?$/s;

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
    const [, words = '', sign, place, idText] = form.exec(text)!;
    const id = idText === undefined ? undefined : parseId(idText);
    if (idText !== undefined && id === undefined) {
      reply.error('NO_SUCH_MESSAGE');
      return undefined;
    }
    const peer = place === undefined ? undefined : findPeer(store, user, parseName(place), sign === '#');
    if (typeof peer === 'string') {
      reply.error(peer);
      return undefined;
    }
    return { kind: 'search', user, words, peer, before: id?.sequence };
  },
};

function parseName(text: string): Name | undefined {
  const name = new Name();
  return name.readText(text) ? name : undefined;
}

function parseId(text: string): MessageId | undefined {
  const id = new MessageId();
  const bytes = Buffer.from(text, 'utf8');
  return id.read(bytes, 0, bytes.length) ? id : undefined;
}
