/** The places of words are written by hand; this is what finds a slip, when the module that has them loads. */

/** Asserts of each pair that what ends at the first word does not reach past the second. */
export function assertBoundaries(ends: readonly (readonly [end: number, boundary: number])[]): void {
  for (const [end, boundary] of ends) {
    if (end > boundary)
      throw new Error(`a record of the store ends at word ${end}, past its boundary ${boundary}`);
  }
}
