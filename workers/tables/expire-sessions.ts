/** Ending sessions by age. */
import { damaged } from './data-error';
import { removeSession } from './accounts';
import { readSessionRow } from './rows';
import type { TableSet } from './table-set';

/**
 * Removes sessions opened before a time, at most `sessionsMax` a call, in one transaction. Returns how many went; call
 * again until that is 0.
 * @throws `DATA_DAMAGED`, `DATA_WRITE_FAILED`
 */
export function expireSessions(tables: TableSet, openedBeforeSeconds: number, sessionsMax: number): number {
  const expired: Buffer[] = [];
  for (const { key, value } of tables.sessions.entries()) {
    const row = readSessionRow(value);
    if (row === undefined) throw damaged('the row of a session is damaged');
    if (row.openedAtSeconds < openedBeforeSeconds && expired.push(key) >= sessionsMax) break;
  }
  if (expired.length === 0) return 0;
  return tables.environment.write(() => {
    for (const key of expired) removeSession(tables, key);
    return expired.length;
  });
}
