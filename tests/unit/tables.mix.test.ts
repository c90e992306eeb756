/** Goal: mixing loses nothing. */
import fc from 'fast-check';
import { mix } from '../../workers/tables/mix';

test('different numbers stay different', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer(), (one, other) => {
      expect(mix(one) === mix(other)).toBe(one === other);
    }),
  );
});
