/**
 * Loaded into the real server before it starts (`node -r`): to its threads the disk is slow. A sync takes 100 ms, and zeros
 * are not written at once, as under writeback throttling.
 */
import fs from 'node:fs';
import { isMainThread } from 'node:worker_threads';

const syncMs = 100;
const zerosMs = 50;
const zerosBytesMin = 65_536;
const never = new Int32Array(new SharedArrayBuffer(4));

function pause(timeoutMs: number): void {
  Atomics.wait(never, 0, 0, timeoutMs);
}

if (!isMainThread) {
  const { fdatasyncSync, writeSync } = fs;
  fs.fdatasyncSync = (descriptor) => {
    fdatasyncSync(descriptor);
    pause(syncMs);
  };
  const slowWrite = (descriptor: number, bytes: Uint8Array, ...rest: number[]): number => {
    if (bytes.length >= zerosBytesMin && bytes.every((byte) => byte === 0)) pause(zerosMs);
    return writeSync(descriptor, bytes, ...rest);
  };
  fs.writeSync = slowWrite as typeof fs.writeSync;
}
