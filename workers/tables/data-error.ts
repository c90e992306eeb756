/**
 * What can be wrong with the data on disk, as a stable `code` to match on. A code is never renamed or reused.
 *
 * - `DATA_MISSING`: opened read-only, and there is nothing.
 * - `DATA_FORMAT_UNKNOWN`: of a format that this version does not know; the message names both.
 * - `DATA_DAMAGED`: not what was written, or records that cannot follow what the tables hold.
 * - `DATA_GAP`: records between the tables' position and the given run are missing.
 * - `DATA_WRITE_FAILED`: the disk is full or failing. Nothing has changed; close, open again and repeat.
 * - `DATA_EXISTS`: the target of a backup holds data already.
 */
export type DataErrorCode =
  'DATA_MISSING' | 'DATA_FORMAT_UNKNOWN' | 'DATA_DAMAGED' | 'DATA_GAP' | 'DATA_WRITE_FAILED' | 'DATA_EXISTS';

export class DataError extends Error {
  override readonly name = 'DataError';

  constructor(
    readonly code: DataErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export function damaged(message: string, cause?: unknown): DataError {
  return new DataError('DATA_DAMAGED', message, { cause });
}
