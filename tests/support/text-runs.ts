/** Gathers text that the store copies out run by run. */
import type { TextSink } from '../../shared/store/block-pool';

export class TextRuns implements TextSink {
  text = '';

  copy(source: DataView, start: number, lengthBytes: number): void {
    this.text += Buffer.from(source.buffer, source.byteOffset + start, lengthBytes).toString('latin1');
  }
}
