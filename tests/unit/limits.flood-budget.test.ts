// Goal: requests and bytes have budgets, of a connection and of its user; what is over them is known to the request.
import { ConnectionBudget, type FloodPolicy, UserBudgets } from '../../server/limits/flood-budget';
import { RegistrationLimiter } from '../../server/limits/registration-limiter';
import { TokenBucket } from '../../server/limits/token-bucket';

const startMs = 1_700_000_000_000;
const policy: FloodPolicy = {
  requests: { perSecond: 10, burst: 80 },
  bytes: { perSecond: 1_000, burst: 16_000 },
};
const line = Buffer.from('ping\n');

function lines(count: number, text = 'ping'): Buffer {
  return Buffer.from(`${text}\n`.repeat(count));
}

function budgetOf(changes: Partial<FloodPolicy> = {}): ConnectionBudget {
  return new ConnectionBudget(new UserBudgets({ ...policy, ...changes }), startMs);
}

/** How many of the lines are within the budget. */
function take(budget: ConnectionBudget, bytes: Buffer, nowMs = startMs): number {
  const within = bytes.subarray(0, budget.take(bytes, bytes.length, nowMs));
  return within.toString('latin1').split('\n').length - 1;
}

test('a burst of requests is within it, the next one is not', () => {
  const budget = budgetOf();
  expect(take(budget, lines(50))).toBe(50);
  expect(take(budget, lines(50))).toBe(30);
  expect(take(budget, line)).toBe(0);
  expect(budget.waitMs(startMs)).toBe(1_000);
});

test('who waits as long as it was told gets a second’s worth of requests through', () => {
  const budget = budgetOf();
  take(budget, lines(100));
  const laterMs = startMs + budget.waitMs(startMs);
  expect(budget.waitMs(laterMs)).toBe(0);
  expect(take(budget, lines(20), laterMs)).toBe(10);
});

test('at the rate it allows it goes on for ever', () => {
  const budget = budgetOf();
  take(budget, lines(100));
  for (let second = 1; second < 100; second += 1)
    expect(take(budget, lines(10), startMs + second * 1_000)).toBe(10);
});

test('a request that begins within the bytes is let in whole; then they are owed', () => {
  const budget = budgetOf();
  expect(take(budget, lines(3, 'x'.repeat(8_000)))).toBe(2);
  expect(budget.owes(startMs)).toBe(true);
  expect(budget.waitMs(startMs)).toBe(9_003);
});

test('an unfinished request is within it, and its bytes count', () => {
  const budget = budgetOf();
  const half = Buffer.alloc(10_000, 'x');
  expect(budget.take(half, half.length, startMs)).toBe(half.length);
  expect(budget.owes(startMs)).toBe(false);
  expect(budget.take(half, half.length, startMs)).toBe(half.length);
  expect(budget.owes(startMs)).toBe(true);
});

test('only what was read counts, not what else is in the buffer', () => {
  const budget = budgetOf();
  const buffer = lines(80);
  expect(budget.take(buffer, 5, startMs)).toBe(5);
  expect(take(budget, lines(79))).toBe(79);
});

test('refusals are charged, up to a burst', () => {
  const budget = budgetOf();
  budget.chargeRefusals(20_000, startMs);
  expect(budget.waitMs(startMs)).toBe(5_000);
  budget.chargeRefusals(1e9, startMs);
  expect(budget.waitMs(startMs)).toBe(17_000);
});

test('without a bound of one kind the other still holds', () => {
  expect(take(budgetOf({ requests: undefined }), lines(3_000))).toBe(3_000);
  expect(take(budgetOf({ requests: undefined }), lines(4_000))).toBe(3_200);
  expect(take(budgetOf({ bytes: undefined }), lines(100, 'x'.repeat(1_000)))).toBe(80);
});

test('a user’s connections share its budget, with what was asked before the user was known', () => {
  const users = new UserBudgets(policy);
  const [first, second, other] = [1, 2, 3].map(() => new ConnectionBudget(users, startMs));
  expect(take(first!, lines(50))).toBe(50);
  first!.claim(7, startMs);
  second!.claim(7, startMs);
  other!.claim(8, startMs);
  expect(take(second!, lines(80))).toBe(30);
  expect(take(other!, lines(80))).toBe(80);
  expect(take(first!, line)).toBe(0);
});

test('full budgets of users are not kept', () => {
  const users = new UserBudgets(policy);
  const budget = new ConnectionBudget(users, startMs);
  budget.claim(7, startMs);
  take(budget, lines(10));
  users.keepHouse(startMs);
  expect(users.size).toBe(1);
  users.keepHouse(startMs + 2_000);
  expect(users.size).toBe(0);
  expect(take(budget, lines(100), startMs + 8_000)).toBe(80);
});

test('a bucket refills at its rate, whichever way the clock jumps', () => {
  const bucket = new TokenBucket({ perSecond: 2, burst: 4 }, startMs);
  bucket.take(4, startMs);
  expect(bucket.waitMs(1, startMs)).toBe(500);
  expect(bucket.available(startMs + 1_000)).toBe(2);
  expect(bucket.available(startMs + 1e9)).toBe(4);
  bucket.take(4, startMs);
  expect(bucket.available(startMs + 500)).toBe(1);
  expect(bucket.waitMs(100, startMs + 500)).toBe(1_500);
});

describe('registrations', () => {
  const hourMs = 3_600_000;

  test('as many as an hour’s worth at once, then one at a time, by address', () => {
    const limiter = new RegistrationLimiter(10);
    const waits = Array.from({ length: 11 }, () => limiter.take('10.0.0.1', startMs));
    expect(waits).toEqual([...new Array<number>(10).fill(0), hourMs / 10]);
    expect(limiter.take('10.0.0.2', startMs)).toBe(0);
    expect(limiter.take('10.0.0.1', startMs + hourMs / 10)).toBe(0);
    expect(limiter.take('10.0.0.1', startMs + hourMs / 10)).toBe(hourMs / 10);
  });

  test('one that came to nothing is given back, and an operator can forget them', () => {
    const limiter = new RegistrationLimiter(1);
    expect(limiter.take('10.0.0.1', startMs)).toBe(0);
    limiter.giveBack('10.0.0.1', startMs);
    expect(limiter.take('10.0.0.1', startMs)).toBe(0);
    expect([...limiter.entries(startMs)]).toEqual([{ network: '10.0.0.1', left: 0, waitMs: hourMs }]);
    expect(limiter.clear('10.0.0.2')).toBe(0);
    expect(limiter.clear(undefined)).toBe(1);
    expect(limiter.take('10.0.0.1', startMs)).toBe(0);
    limiter.keepHouse(startMs + hourMs);
    expect([...limiter.entries(startMs + hourMs)]).toEqual([]);
  });

  test('0 is any number', () => {
    const limiter = new RegistrationLimiter(0);
    for (let count = 0; count < 100; count += 1) expect(limiter.take('10.0.0.1', startMs)).toBe(0);
  });
});
