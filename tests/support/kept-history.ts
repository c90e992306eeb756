/** The conversations of a data directory that no server uses, as its tables keep them. */
import { dataFolders } from '../../shared/journal/data-folders';
import type { HistoryMessage } from '../../workers/tables/history-chunk';
import { conversationOf } from '../../workers/tables/keys';
import { Tables } from '../../workers/tables/tables';

export interface KeptMessage {
  readonly sender: string;
  readonly receiver: string;
  readonly text: string;
}

const pageMessages = 1_000;

/** Every conversation of every two users, each in order. */
export async function readHistory(data: string): Promise<KeptMessage[]> {
  const tables = await Tables.open(dataFolders(data).tables, { readOnly: true });
  try {
    const names = new Map([...tables.users()].map(({ user, username }) => [user, username]));
    const users = [...names.keys()];
    const messages: KeptMessage[] = [];
    for (const user of users) {
      for (const peer of users) {
        if (peer < user) continue;
        for (const { sender, receiver, text } of readConversation(tables, user, peer))
          messages.push({
            sender: names.get(sender)!,
            receiver: names.get(receiver)!,
            text: Buffer.from(text).toString('latin1'),
          });
      }
    }
    return messages;
  } finally {
    await tables.close();
  }
}

function readConversation(tables: Tables, user: number, peer: number): HistoryMessage[] {
  const pages: (readonly HistoryMessage[])[] = [];
  let before = Infinity;
  for (;;) {
    const conversation = conversationOf(user, peer);
    const { messages, more } = tables.historyPage({ conversation, limit: pageMessages, before });
    pages.unshift(messages);
    if (!more) return pages.flat();
    before = messages[0]!.sequence;
  }
}
