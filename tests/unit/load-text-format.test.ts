/** Goal: figures read well, the small ones too. */
import { rate } from '../../client/load/text-format';

test.each([
  [0, '0'],
  [0.01, '0.01'],
  [0.5, '0.5'],
  [12.5, '12.5'],
  [33.1417, '33.1'],
  [99.96, '100'],
  [1_812.4, '1,812'],
  [180_000, '180,000'],
])('%d a second is %s', (perSecond, text) => {
  expect(rate(perSecond)).toBe(text);
});
