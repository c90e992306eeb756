/** Goal: Tab offers commands and names where they belong, and passwords never enter the history. */
import { completeLine } from '../../client/completion';
import { isSecretLine } from '../../client/history';
import { SessionState } from '../../client/session-state';

describe('completion', () => {
  test('offers commands for the first word, with a space where parameters follow', () => {
    expect(completeLine('in', [])).toEqual([['inbox'], 'in']);
    expect(completeLine('se', [])).toEqual([['send '], 'se']);
    expect(completeLine('p', [])[0]).toEqual(['passwd ', 'ping']);
  });

  test('offers names for the second word of send only', () => {
    const names = ['henderson', 'messi'];
    expect(completeLine('send he', names)).toEqual([['henderson '], 'he']);
    expect(completeLine('send ', names)[0]).toEqual(['henderson ', 'messi ']);
    expect(completeLine('send messi he', names)[0]).toEqual([]);
    expect(completeLine('auth he', names)[0]).toEqual([]);
    expect(completeLine('nosuch he', names)[0]).toEqual([]);
  });
});

describe('names seen', () => {
  test('are sorted, told once each, and only those that can be typed', () => {
    const state = new SessionState(false);
    state.remember(['messi', 'henderson', 'messi', 'two words', '\u001b[2J', '']);
    expect(state.namesSeen).toEqual(['henderson', 'messi']);
  });

  test('are bounded', () => {
    const state = new SessionState(false);
    state.remember(Array.from({ length: 5_000 }, (_, index) => `user${index}`));
    expect(state.namesSeen).toHaveLength(1_000);
  });
});

describe('the history', () => {
  test.each(['auth messi surabaya', '  auth messi', 'register a b', 'passwd a b'])(
    'does not keep %j',
    (line) => {
      expect(isSecretLine(line)).toBe(true);
    },
  );

  test.each(['send auth register', 'inbox', ''])('may keep %j', (line) => {
    expect(isSecretLine(line)).toBe(false);
  });
});
