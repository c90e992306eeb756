/** Goal: delays double up to their bound, are jittered, and are what the server says when it says something. */
import { ChatError } from '../../client/chat-error';
import { RetryDelay } from '../../client/retry-delay';

describe('a retry delay', () => {
  test.each([
    ['the least', 0, [250, 500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000]],
    ['the greatest', 1, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]],
  ])('doubles within its bounds: %s', (_which, chance, expected) => {
    const delay = new RetryDelay({}, () => chance);
    expect(expected.map(() => delay.next())).toEqual(expected);
  });

  test('differs from one client to the next', () => {
    const delays = Array.from({ length: 50 }, () => new RetryDelay().next());
    expect(new Set(delays).size).toBeGreaterThan(10);
  });

  test('is the shortest again after success', () => {
    const delay = new RetryDelay({ delayMsMin: 10, delayMsMax: 100 }, () => 1);
    expect([delay.next(), delay.next()]).toEqual([20, 40]);
    delay.reset();
    expect(delay.next()).toBe(20);
  });

  test('stays within bounds that leave no room', () => {
    const delay = new RetryDelay({ delayMsMin: 50, delayMsMax: 10 });
    expect([delay.next(), delay.next()]).toEqual([50, 50]);
  });

  test('is what the server says, within the bound, and nothing for what will not get better', () => {
    const delay = new RetryDelay({}, () => 1);
    const limited = (retryMs: unknown): ChatError =>
      new ChatError('RATE_LIMITED', 'x', { members: { retry_ms: retryMs } });
    expect(delay.after(limited(1_234))).toBe(1_234);
    expect(delay.after(limited(1e9))).toBe(30_000);
    expect(delay.after(limited('soon'))).toBe(500);
    expect(delay.after(new ChatError('BUSY', 'x'))).toBe(1_000);
    expect(delay.after(new ChatError('UNKNOWN_OUTCOME', 'x'))).toBe(2_000);
    expect(delay.after(new ChatError('BAD_SESSION', 'x'))).toBeUndefined();
    expect(delay.after(new Error('a mistake of ours'))).toBeUndefined();
  });
});
