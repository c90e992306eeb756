/** A page of the conversation of two users, as tests ask for it. */
import type { HistoryMessage } from '../../workers/tables/history-chunk';
import { conversationOf } from '../../workers/tables/keys';
import type { Tables } from '../../workers/tables/tables';

export function pageOf(
  tables: Tables,
  user: number,
  peer: number,
  limit: number,
  before = Infinity,
): readonly HistoryMessage[] {
  return tables.historyPage({ conversation: conversationOf(user, peer), limit, before }).messages;
}
