/** Goal: Tab offers commands and names where they belong, and passwords never enter the history. */
import { completeLine } from '../../client/completion';
import { isSecretLine } from '../../client/history';
import { SessionState } from '../../client/session-state';

const none = { names: [], rooms: [] };

describe('completion', () => {
  test('offers commands for the first word, with a space where parameters follow', () => {
    expect(completeLine('in', none, false)).toEqual([['inbox'], 'in']);
    expect(completeLine('se', none, false)).toEqual([['send ', 'search '], 'se']);
    expect(completeLine('p', none, false)[0]).toEqual(['passwd ', 'ping']);
  });

  test('offers names for the second word of send only', () => {
    const seen = { names: ['henderson', 'messi'], rooms: ['#tim'] };
    expect(completeLine('send he', seen, false)).toEqual([['henderson '], 'he']);
    expect(completeLine('send ', seen, false)[0]).toEqual(['henderson ', 'messi ', '#tim ']);
    expect(completeLine('send messi he', seen, false)[0]).toEqual([]);
    expect(completeLine('auth he', seen, false)[0]).toEqual([]);
    expect(completeLine('nosuch he', seen, false)[0]).toEqual([]);
  });
});

describe('completion where messages come by themselves', () => {
  const seen = { names: ['henderson', 'messi'], rooms: ['#santai', '#tim'] };

  test('offers commands with a slash, and those that are there only', () => {
    expect(completeLine('/re', seen, true)).toEqual([['/reply ', '/remove ', '/register '], '/re']);
    expect(completeLine('rep', seen, true)[0]).toEqual(['reply ']);
    expect(completeLine('rep', seen, false)[0]).toEqual([]);
    expect(completeLine('/re', seen, false)[0]).toEqual([]);
  });

  test('offers for each parameter what it takes', () => {
    expect(completeLine('/send #', seen, true)).toEqual([['#santai ', '#tim '], '#']);
    expect(completeLine('send  he', seen, true)[0]).toEqual(['henderson ']);
    expect(completeLine('join ', seen, true)[0]).toEqual(['#santai ', '#tim ']);
    expect(completeLine('remove #tim m', seen, true)).toEqual([['messi '], 'm']);
    expect(completeLine('remove #tim messi ', seen, true)[0]).toEqual([]);
    expect(completeLine('reply he', seen, true)[0]).toEqual([]);
  });
});

describe('names seen', () => {
  test('are sorted, told once each, and only those that can be typed', () => {
    const state = new SessionState();
    state.remember(['messi', 'henderson', 'messi', 'two words', '\u001b[2J', '']);
    expect(state.namesSeen).toEqual(['henderson', 'messi']);
  });

  test('are bounded', () => {
    const state = new SessionState();
    state.remember(Array.from({ length: 5_000 }, (_, index) => `user${index}`));
    expect(state.namesSeen).toHaveLength(1_000);
  });
});

describe('the history', () => {
  test.each(['auth messi surabaya', '  auth messi', '/auth messi surabaya', 'register a b', 'passwd a b'])(
    'does not keep %j',
    (line) => {
      expect(isSecretLine(line)).toBe(true);
    },
  );

  test.each(['send auth register', 'inbox', ''])('may keep %j', (line) => {
    expect(isSecretLine(line)).toBe(false);
  });
});
