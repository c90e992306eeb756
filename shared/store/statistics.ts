/**
 * Figures of a store that anybody may read at any time, without attaching to it.
 */
import { header } from './layout';

export function countUsers(store: SharedArrayBuffer): number {
  return Atomics.load(new Int32Array(store), header.userCount);
}
