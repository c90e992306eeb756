// Goal: guessing is slow whatever it is spread over, and nobody else pays for it.
import { type CountedPlace, PasswordLimiter } from '../../server/limits/password-limiter';

const startMs = 1_700_000_000_000;
const dayMs = 86_400_000;
const home = '198.51.100.1';

let limiter: PasswordLimiter;
let told: CountedPlace[];
beforeEach(() => {
  told = [];
  limiter = new PasswordLimiter((place) => told.push(place));
});

type Result = 'rightPassword' | 'wrongPassword' | 'unknownUser';

/** One attempt; 0 when it was let in, else how long to wait. */
function attempt(
  account: string,
  network: string,
  outcome: Result = 'wrongPassword',
  nowMs = startMs,
): number {
  const tried = { kind: 'password', account, isKnown: outcome !== 'unknownUser' } as const;
  const begun = limiter.begin(tried, network, nowMs);
  if ('retryMs' in begun) return begun.retryMs;
  limiter.end(begun, outcome, nowMs);
  return 0;
}

/** How many of so many attempts were let in. */
function letIn(count: number, one: (number: number) => number): number {
  return Array.from({ length: count }, (_, number) => one(number)).filter((waitMs) => waitMs === 0).length;
}

test('an account at an address: five failures, then it waits', () => {
  expect(letIn(20, () => attempt('ana', home))).toBe(5);
  expect(attempt('ana', home, 'rightPassword')).toBe(1_000);
  expect(attempt('ana', home, 'rightPassword', startMs + 1_000)).toBe(0);
  expect(told).toEqual([{ account: 'ana', network: home }]);
});

test('a success clears what the account has failed at that address', () => {
  letIn(4, () => attempt('ana', home));
  attempt('ana', home, 'rightPassword');
  expect(letIn(20, () => attempt('ana', home))).toBe(5);
});

test('an account from everywhere: twenty failures, however many addresses try', () => {
  expect(letIn(500, (number) => attempt('ana', `10.0.0.${number}`))).toBe(20);
  expect(told).toEqual([{ account: 'ana' }]);
  expect(attempt('budi', '10.0.0.1')).toBe(0);
});

test('the victim is let in from where it has logged in before, and only there', () => {
  attempt('ana', home, 'rightPassword', startMs - dayMs);
  letIn(500, (number) => attempt('ana', `10.0.0.${number}`));
  expect(attempt('ana', home, 'rightPassword')).toBe(0);
  expect(attempt('ana', '198.51.100.2', 'rightPassword')).toBeGreaterThan(0);
  // There its own failures count as ever.
  expect(letIn(20, () => attempt('ana', home))).toBe(5);
});

test('an address is familiar for thirty days', () => {
  attempt('ana', home, 'rightPassword', startMs - 31 * dayMs);
  letIn(500, (number) => attempt('ana', `10.0.0.${number}`));
  expect(attempt('ana', home, 'rightPassword')).toBeGreaterThan(0);
});

test('an attack from everywhere lets a new address in within a minute', () => {
  let nowMs = startMs;
  for (let number = 0; number < 2_000; number += 1) {
    attempt('ana', `10.0.${number >> 8}.${number & 255}`, 'wrongPassword', nowMs);
    nowMs += 500;
  }
  expect(attempt('ana', home, 'rightPassword', nowMs)).toBeLessThanOrEqual(60_000);
});

test('an address that tries many accounts: fifty failures, and those who are at home there go on', () => {
  attempt('ana', home, 'rightPassword');
  expect(letIn(500, (number) => attempt(`name${number}`, home))).toBe(50);
  expect(told).toEqual([{ network: home }]);
  expect(attempt('ana', home, 'rightPassword')).toBe(0);
  expect(attempt('budi', home, 'rightPassword')).toBeGreaterThan(0);
  expect(attempt('budi', '198.51.100.2', 'rightPassword')).toBe(0);
});

test('a success of one account does not clear its address', () => {
  letIn(60, (number) => attempt(`name${number}`, home));
  attempt('ana', home, 'rightPassword', startMs + 60_000);
  // Two were forgotten in that minute.
  expect(letIn(20, (number) => attempt(`other${number}`, home, 'wrongPassword', startMs + 60_000))).toBe(2);
});

test('one account that fails for ever does not hold back its whole address', () => {
  let nowMs = startMs;
  for (let second = 0; second < 86_400; second += 10) {
    attempt('stuck', home, 'wrongPassword', nowMs);
    nowMs += 10_000;
  }
  expect(attempt('budi', home, 'rightPassword', nowMs)).toBe(0);
  expect(told.every(({ account }) => account === 'stuck')).toBe(true);
});

test('sustained guessing of one account gets some hundred attempts a day from one address, and a minute apart from all', () => {
  let ofOne = 0;
  let ofMany = 0;
  for (let second = 0; second < 86_400; second += 1) {
    const nowMs = startMs + second * 1_000;
    if (attempt('ana', home, 'wrongPassword', nowMs) === 0) ofOne += 1;
    if (
      attempt('budi', `10.${second >> 16}.${(second >> 8) & 255}.${second & 255}`, 'wrongPassword', nowMs) ===
      0
    )
      ofMany += 1;
  }
  expect(ofOne).toBeLessThan(200);
  expect(ofMany).toBeLessThan(1_500);
});

test('begun at once, attempts get no further than one after the other', () => {
  limiter.end(begin('ana', home), 'wrongPassword', startMs);
  let begun = 0;
  while (!('retryMs' in limiter.begin({ kind: 'password', account: 'ana', isKnown: true }, home, startMs)))
    begun += 1;
  expect(begun).toBe(4);
});

test('attempts that came to nothing are not counted', () => {
  for (let count = 0; count < 50; count += 1) limiter.end(begin('ana', home), undefined, startMs);
  expect(limiter.changes).toBe(0);
  expect(letIn(20, () => attempt('ana', home))).toBe(5);
});

test('names that nobody has are counted like those that somebody has, and not written down', () => {
  expect(letIn(20, () => attempt('rahasia', home, 'unknownUser'))).toBe(5);
  expect(attempt('rahasia', home, 'unknownUser')).toBe(1_000);
  expect(JSON.stringify([told, [...limiter.entries(startMs)]])).not.toContain('rahasia');
  expect(told[0]!.account).toMatch(/^\?[0-9a-f]{16}$/);
});

describe('the operator clears', () => {
  beforeEach(() => {
    letIn(20, () => attempt('ana', home));
    letIn(20, () => attempt('budi', home));
    letIn(20, () => attempt('budi', '198.51.100.2'));
    letIn(20, () => attempt('nobody', home, 'unknownUser'));
  });

  test('an account', () => {
    expect(limiter.clear({ account: 'ana' }, startMs)).toBe(2);
    expect(attempt('ana', home, 'rightPassword')).toBe(0);
    expect(attempt('budi', home)).toBeGreaterThan(0);
    expect(limiter.clear({ account: 'nobody' }, startMs)).toBe(2);
    expect(attempt('nobody', home, 'unknownUser')).toBe(0);
  });

  test('an address', () => {
    expect(limiter.clear({ network: home }, startMs)).toBe(4);
    expect(attempt('budi', home)).toBe(0);
    expect(attempt('budi', '198.51.100.2')).toBeGreaterThan(0);
  });

  test('all', () => {
    expect(limiter.clear({}, startMs)).toBe(9);
    expect([...limiter.entries(startMs)]).toEqual([]);
  });
});

function begin(
  account: string,
  network: string,
): Exclude<ReturnType<PasswordLimiter['begin']>, { retryMs: number }> {
  const begun = limiter.begin({ kind: 'password', account, isKnown: true }, network, startMs);
  if ('retryMs' in begun) throw new Error(`held back for ${begun.retryMs} ms`);
  return begun;
}
