/**
 * Errors by their code. Servers without codes are counted by their text, which may be another one each time: only so many
 * are told apart.
 */

/** How many codes are told apart; all further ones are counted as `otherErrors`. */
export const errorCodesMax = 100;
export const otherErrors = 'OTHER_ERRORS';

/** Adds to `counts`, in place. */
export function countErrors(counts: Record<string, number>, code: string, added: number): void {
  const isKnown = Object.hasOwn(counts, code) || Object.keys(counts).length < errorCodesMax;
  const name = isKnown ? code : otherErrors;
  counts[name] = (Object.hasOwn(counts, name) ? counts[name]! : 0) + added;
}
