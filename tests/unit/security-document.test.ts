/** Goal: what SECURITY.md promises is shown by tests that exist. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(__dirname, '..', '..');

test('every promise names tests, and they exist', () => {
  const text = readFileSync(path.join(root, 'SECURITY.md'), 'utf8');
  const promised = text.slice(text.indexOf('## What is promised'), text.indexOf('## What is not promised'));
  const rows = promised.split('\n').filter((line) => /^\| (?!-|promise )/.test(line));
  const namesOf = (row: string): string[] => row.match(/tests\/[\w./-]+/g) ?? [];
  expect(rows.length).toBeGreaterThan(15);
  expect(rows.filter((row) => namesOf(row).length === 0)).toEqual([]);
  expect(rows.flatMap(namesOf).filter((name) => !existsSync(path.join(root, name)))).toEqual([]);
});
