/**
 * Digests of idempotency keys: Chaskey-12 (ISO/IEC 29192-6), a message authentication code of 128 bits made for 32-bit
 * words, under a secret that the store was created with. Without the secret nobody can choose keys whose digests
 * collide, or crowd into one bucket. A digest takes an eighth of a microsecond, a tenth of what SHA-256 takes here.
 */
import type { IdempotencyKey } from '../protocol/idempotency-key';
import { keyBytesMax } from '../protocol/limits';

const rounds = 12;
const blockBytes = 16;
const senderBytes = 4;
/** Sender and key, and the block that the padding may need. */
const messageBytesMax = senderBytes + keyBytesMax + blockBytes;

export class KeyedDigest {
  /** The digest taken last. */
  readonly words = new Int32Array(4);
  private readonly message = new Int32Array(messageBytesMax / 4);
  private readonly messageBytes = new Uint8Array(this.message.buffer);
  /** For a last block that is full, and for one that is padded. */
  private readonly fullSubkey: Int32Array;
  private readonly paddedSubkey: Int32Array;

  /** @param secret four words */
  constructor(private readonly secret: Int32Array) {
    this.fullSubkey = doubled(secret);
    this.paddedSubkey = doubled(this.fullSubkey);
  }

  /** The digest of a sender's key, in `words`. */
  take(sender: number, key: IdempotencyKey): Int32Array {
    const { message } = this;
    message[0] = sender;
    message.set(key.words, 1);
    // Where the padding of the longest key was.
    message[1 + key.words.length] = 0;
    return this.digest(senderBytes + key.lengthBytes);
  }

  /** Of so many bytes of `message`, which are followed by zeros; at least one. */
  private digest(lengthBytes: number): Int32Array {
    const { words, message, secret } = this;
    const blockCount = Math.ceil(lengthBytes / blockBytes);
    const isPadded = lengthBytes % blockBytes !== 0;
    if (isPadded) this.messageBytes[lengthBytes] = 1;
    const subkey = isPadded ? this.paddedSubkey : this.fullSubkey;
    words.set(secret);
    for (let block = 1; block < blockCount; block += 1) {
      absorb(words, message, (block - 1) * 4);
      permute(words);
    }
    absorb(words, message, (blockCount - 1) * 4);
    absorb(words, subkey, 0);
    permute(words);
    absorb(words, subkey, 0);
    return words;
  }
}

/** Twice a number of 128 bits, in the field that the subkeys are taken from. */
function doubled([first, second, third, fourth]: Int32Array): Int32Array {
  return Int32Array.of(
    (first! << 1) ^ (fourth! >>> 31 === 0 ? 0 : 0x87),
    (second! << 1) | (first! >>> 31),
    (third! << 1) | (second! >>> 31),
    (fourth! << 1) | (third! >>> 31),
  );
}

function absorb(state: Int32Array, words: Int32Array, at: number): void {
  for (let index = 0; index < 4; index += 1) state[index]! ^= words[at + index]!;
}

function permute(state: Int32Array): void {
  let v0 = state[0]!;
  let v1 = state[1]!;
  let v2 = state[2]!;
  let v3 = state[3]!;
  for (let round = 0; round < rounds; round += 1) {
    v0 = (v0 + v1) | 0;
    v1 = rotated(v1, 5) ^ v0;
    v0 = rotated(v0, 16);
    v2 = (v2 + v3) | 0;
    v3 = rotated(v3, 8) ^ v2;
    v0 = (v0 + v3) | 0;
    v3 = rotated(v3, 13) ^ v0;
    v2 = (v2 + v1) | 0;
    v1 = rotated(v1, 7) ^ v2;
    v2 = rotated(v2, 16);
  }
  state[0] = v0;
  state[1] = v1;
  state[2] = v2;
  state[3] = v3;
}

function rotated(word: number, bits: number): number {
  return (word << bits) | (word >>> (32 - bits));
}
