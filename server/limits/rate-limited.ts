/**
 * The frame that tells a client to come back later.
 */
import { encodeJson } from '../../shared/protocol/json-ascii';
import { replyTerminator } from '../../shared/protocol/limits';
import { errorReply } from '../../shared/protocol/reply-writer';

/** @param message What is limited, in place of the code's own text. */
export function rateLimitedFrame(retryMs: number, message?: string): string {
  const reply = { ...errorReply('RATE_LIMITED'), ...(message === undefined ? {} : { message }) };
  return encodeJson({ ...reply, retry_ms: Math.max(1, Math.ceil(retryMs)) }) + replyTerminator;
}
