/**
 * The hash of names: the sum of their bytes, each multiplied by a secret word of its own, and of that the upper 25 bits
 * (multilinear hashing: Lemire and Kaser, "Strongly universal string hashing is fast", 2014). Of any two names chosen
 * without knowing the secret, any n of the bits are the same with a chance of 1 in 2^n: nobody can register names that
 * crowd into one bucket.
 */
import type { Name } from '../protocol/name';
import { nameBytesMax } from '../protocol/limits';

/** A word that is there for every name, and one for each place of a byte. */
export const nameSecretWords = 1 + nameBytesMax;
/** A sum's lowest bits depend on the lowest bits of the bytes only. */
const weakBits = 7;

export class NameHash {
  /** @param secret `nameSecretWords` random words */
  constructor(private readonly secret: Int32Array) {}

  /** 25 bits. */
  of(name: Name): number {
    const { secret } = this;
    const { bytes, lengthBytes } = name;
    let sum = secret[0]!;
    for (let index = 0; index < lengthBytes; index += 1)
      sum = (sum + Math.imul(secret[index + 1]!, bytes[index]!)) | 0;
    return sum >>> weakBits;
  }
}
