/** Goal: replies that would be too many for a socket or for the batch's memory leave the rest of the lines for later. */
import { FilledSlot } from '../support/filled-slot';

const password = 'surabaya';
const ok = '{"status": "OK", "message": "Message Sent"}';
const pong = '{"status": "OK", "message": "pong"}';

function errorOf(reply: string): unknown {
  return (JSON.parse(reply) as { code?: string }).code;
}

/** Two of the seed's family, logged in as asked. */
function family(): { filled: FilledSlot; token: (name: string) => string } {
  const filled = new FilledSlot();
  filled.createUser('messi', 'Lionel Messi', password);
  filled.createUser('lineker', 'Gary Lineker', password);
  return { filled, token: (name) => filled.logIn(name, password) };
}

describe('bounds', () => {
  /** A reply of about 300 KB for every `inbox`. */
  function fill(filled: FilledSlot, sender: string, receiver: string, messageCount: number): void {
    for (let count = 0; count < messageCount; count += 1)
      expect(filled.ask(`send ${sender} ${receiver} ${'é'.repeat(2_000)}`)).toBe(ok);
  }

  test('a segment whose replies are many stops, and the rest of its lines waits', () => {
    const { filled, token } = family();
    const [messi, lineker] = [token('messi'), token('lineker')];
    fill(filled, lineker, 'messi', 30);
    const rest = 'ping\n'.repeat(5);
    const [first, second] = filled.run(`ping\ninbox ${messi}\n${rest}`, 'ping\n');
    expect(first!.replies).toHaveLength(2);
    expect(first!.unconsumed).toBe(rest);
    expect(second).toMatchObject({ replies: [pong], unconsumed: '' });
  });

  test.each(['inbox T', 'fetch T', 'ack T 1-1', 'members T #tim', 'activeuser T', 'active T'])(
    'a segment stops when what it asks for takes long, and others go on: %s',
    (line) => {
      const { filled, token } = family();
      const messi = token('messi');
      filled.ask(`join ${messi} #tim`);
      const long = `${line.replace('T', messi)}\n`;
      filled.longCommandMs = 1.5;
      const [first, second] = filled.run(long.repeat(5), 'ping\n'.repeat(5));
      expect(first!.replies).toHaveLength(2);
      expect(first!.unconsumed).toBe(long.repeat(3));
      expect(second).toMatchObject({ replies: new Array<string>(5).fill(pong), unconsumed: '' });
    },
  );

  test('however long a request takes, a batch gets it done', () => {
    const { filled, token } = family();
    const messi = token('messi');
    filled.longCommandMs = 1_000;
    const [first] = filled.run(`ping\ninbox ${messi}\nping\n`);
    expect(first!.replies).toHaveLength(2);
    expect(first!.unconsumed).toBe('ping\n');
  });

  test('when long requests of many have taken too long together, the next ones wait, and short ones do not', () => {
    const { filled, token } = family();
    const long = `inbox ${token('messi')}\n`;
    filled.longCommandMs = 3;
    const outcomes = filled.run(long, long, long, long, `ping\n${long}ping\n`, 'ping\n');
    expect(outcomes.map(({ replies }) => replies.length)).toEqual([1, 1, 1, 0, 1, 1]);
    expect(outcomes.map(({ unconsumed }) => unconsumed)).toEqual(['', '', '', long, `${long}ping\n`, '']);
    const [fourth, fifth] = filled.run(outcomes[3]!.unconsumed, outcomes[4]!.unconsumed);
    expect([fourth!, fifth!].map(({ replies }) => replies.length)).toEqual([1, 1]);
  });

  test('a batch whose reply area might not hold the next reply leaves whole segments undone', () => {
    const { filled, token } = family();
    const [messi, lineker] = [token('messi'), token('lineker')];
    fill(filled, lineker, 'messi', 500);
    const lines = Array.from({ length: 8 }, () => `inbox ${messi}\n`);
    const outcomes = filled.run(...lines);
    const done = outcomes.filter(({ replies }) => replies.length === 1).length;
    expect(done).toBeGreaterThanOrEqual(3);
    expect(outcomes.map(({ unconsumed }) => unconsumed)).toEqual(
      lines.map((line, index) => (index < done ? '' : line)),
    );
    const taken = [...outcomes.flatMap(({ replies }) => replies)];
    for (let last = ''; last !== '{"status": "OK", "messages": {}}'; taken.push(last))
      last = filled.ask(`inbox ${messi}`);
    expect(taken.join('').match(/"msg": /g)).toHaveLength(500);
  });

  test('every reply of a batch can be read, also the last before the bound', () => {
    const { filled, token } = family();
    const messi = token('messi');
    fill(filled, messi, 'messi', 90);
    const [outcome] = filled.run(`inbox ${messi}\n`);
    expect(outcome!.replies[0]!.length).toBeGreaterThan(1_000_000);
    expect(() => JSON.parse(outcome!.replies[0]!) as unknown).not.toThrow();
  });
});

test('a full inbox and a full store are said to be so, and nothing of the message is stored', () => {
  const filled = new FilledSlot({ inboxMessagesMax: 2, blocksMax: 150 });
  filled.createUser('messi', 'Lionel Messi', password);
  filled.createUser('lineker', 'Gary Lineker', password);
  const messi = filled.logIn('messi', password);
  const replies = ['one', 'two', 'three'].map((text) => errorOf(filled.ask(`send ${messi} lineker ${text}`)));
  expect(replies).toEqual([undefined, undefined, 'INBOX_FULL']);
  const long = 'é'.repeat(2_048);
  expect(errorOf(filled.ask(`send ${messi} messi ${long}`))).toBeUndefined();
  expect(errorOf(filled.ask(`send ${messi} messi ${long}`))).toBe('STORE_FULL');
  expect(filled.ask(`inbox ${messi}`).match(/"msg": /g)).toHaveLength(1);
});
