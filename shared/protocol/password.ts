/**
 * The rule for new passwords: 1–128 visible characters without spaces.
 */
import { passwordCharactersMax } from './limits';

/** Anything but letters, marks, numbers, punctuation and symbols: spaces, controls, and what cannot be seen. */
const notVisible = /[^\p{L}\p{M}\p{N}\p{P}\p{S}]/u;

export function isPassword(text: string): boolean {
  const characters = Array.from(text).length;
  return characters >= 1 && characters <= passwordCharactersMax && !notVisible.test(text);
}
