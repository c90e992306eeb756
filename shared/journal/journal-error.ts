/**
 * What can be wrong with a journal on disk. Errors of the system (ENOSPC, EIO, …) are passed on as they are.
 *
 * - `JOURNAL_DAMAGED`: something that was on disk is not there any more, and it is not the end that a power cut tears.
 * - `JOURNAL_MISSING`: there is none, beside tables that follow one.
 * - `JOURNAL_TRIMMED`: a position was asked for that has been let go of.
 * - `JOURNAL_VERSION`: the file is of a format that this program does not know.
 */
export type JournalErrorCode = 'JOURNAL_DAMAGED' | 'JOURNAL_MISSING' | 'JOURNAL_TRIMMED' | 'JOURNAL_VERSION';

export class JournalError extends Error {
  override readonly name = 'JournalError';

  constructor(
    readonly code: JournalErrorCode,
    /** The file, or the folder where a file is missing. */
    readonly file: string,
    /** Where in the file, 0 in a folder. */
    readonly offsetBytes: number,
    what: string,
  ) {
    super(`${code}: ${file}, at byte ${offsetBytes}: ${what}`);
  }
}
