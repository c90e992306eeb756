import type { ErrorCode } from '../shared/protocol/error-codes';
import type { IdempotencyKey } from '../shared/protocol/idempotency-key';
import { messageBytesMax } from '../shared/protocol/limits';
import type { CommandContext } from './command';

/**
 * Delivers the request's message to its destination and, unless its key has led to a message before, to whoever
 * listens. Which message it was is in `store.posts`.
 */
export function deliver(context: CommandContext, key: IdempotencyKey | undefined): ErrorCode | 'OK' {
  const { store, request, requestBytes, user, nowMs, text, live } = context;
  if (!request.nameIsWellFormed) return request.destinationIsRoom ? 'NO_SUCH_ROOM' : 'RECIPIENT_NOT_FOUND';
  const { start, end } = request.text;
  if (end - start > messageBytesMax) return 'MESSAGE_TOO_LONG';
  if (request.textNeedsEscape) text.escape(requestBytes, start, end);
  else text.copy(request.view, start, end);
  const outcome = request.destinationIsRoom
    ? store.rooms.send(user, request.name, text, nowMs, key)
    : store.mail.send(user, request.name, text, nowMs, key);
  if (outcome !== 'OK') return outcome;
  const { delivered, isDuplicate } = store.posts;
  if (!isDuplicate) live.message(user, delivered.receiver, request.name, delivered.sequence, nowMs, text);
  return 'OK';
}
