/**
 * Loaded into the real server before it starts (`node -r`): sets the wall clock of all its threads when a test says so,
 * over the IPC channel; from the start on when `BENANG_CLOCK_SHIFT_MS` says by how much. The monotonic clock is as it was.
 * The server itself knows nothing of it.
 */
import { getEnvironmentData, isMainThread, setEnvironmentData } from 'node:worker_threads';

/** By how much the clock is set, from what it really is. */
export interface ClockRequest {
  readonly shiftMs: number;
}

const environmentKey = 'benang-clock-switch';
const now = Date.now.bind(Date);
const shift = isMainThread
  ? new Float64Array(new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT))
  : (getEnvironmentData(environmentKey) as Float64Array);

Date.now = () => now() + shift[0]!;
if (isMainThread) {
  shift[0] = Number(process.env.BENANG_CLOCK_SHIFT_MS ?? 0);
  setEnvironmentData(environmentKey, shift);
  process.on('message', ({ id, request }: { id: number; request: ClockRequest }) => {
    shift[0] = request.shiftMs;
    process.send!({ id, answer: undefined });
  });
}
