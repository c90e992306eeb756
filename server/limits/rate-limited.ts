/**
 * The frame that tells a client to come back later.
 */
import { encodeFrame, errorReply } from '../../shared/protocol/reply-writer';

/** @param message What is limited, in place of the code's own text. */
export function rateLimitedFrame(retryMs: number, message?: string): string {
  return encodeFrame({
    ...errorReply('RATE_LIMITED', message),
    retry_ms: Math.max(1, Math.ceil(retryMs)),
  });
}
