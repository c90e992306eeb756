/** Plain values turned into what the store takes. */
import { MessageId } from '../../shared/protocol/message-id';
import { Name } from '../../shared/protocol/name';
import type { TokenWords } from '../../shared/protocol/token';
import { stripesPerTable } from '../../shared/store/layout';
import { StoredText } from '../../shared/store/stored-text';

export function nameOf(text: string): Name {
  const name = new Name();
  if (!name.readText(text)) throw new Error(`${text} is not a name`);
  return name;
}

export function textOf(ascii: string): StoredText {
  return StoredText.fromAscii(ascii);
}

/** The id of the message of a sequence to a user, or to a room as its negative number. */
export function idOf(sequence: number, receiver: number): MessageId {
  const id = new MessageId();
  id.sequence = sequence;
  id.receiver = receiver;
  return id;
}

/** A token of its own for every number; all of them hash to three buckets, so that chains form. */
export function tokenOf(number: number): TokenWords {
  return Int32Array.of(number, Math.imul(number, 0x9e3779b1), ~number, number ^ (number % 3));
}

/** ASCII of exactly so many bytes, different for every label and at every place, so that mixed-up blocks show. */
export function filledText(label: string, lengthBytes: number): string {
  let text = `${label}:`;
  for (let at = text.length; text.length < lengthBytes; at += 7) text += `${label}.${at.toString(36)}|`;
  return text.slice(0, lengthBytes);
}

/** Names that share one stripe, and so their lock and, in small stores, their bucket. */
export function namesOfOneStripe(count: number): readonly string[] {
  const stripe = nameOf('anna').hash & (stripesPerTable - 1);
  const names = ['anna'];
  for (let number = 0; names.length < count; number += 1) {
    const text = `twin-${number.toString(36)}`;
    if ((nameOf(text).hash & (stripesPerTable - 1)) === stripe) names.push(text);
  }
  return names;
}

/** Reports of long waits go nowhere: the tests that expect waiting bound it themselves. */
export function ignoreLongWaits(): void {
  return undefined;
}
