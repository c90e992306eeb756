/**
 * Gathers stored ASCII text into a string. Not for the hot path.
 */
import type { TextSink } from './block-pool';

export class TextCollector implements TextSink {
  text = '';

  copy(source: DataView, start: number, lengthBytes: number): void {
    for (let index = 0; index < lengthBytes; index += 1)
      this.text += String.fromCharCode(source.getUint8(start + index));
  }
}
