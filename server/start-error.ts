/**
 * Why the server cannot start, in words for the person who started it, and the exit code that says it to scripts.
 */
export const exitCode = {
  fine: 0,
  unexpected: 1,
  badUsage: 2,
  addressUnavailable: 3,
  dataUnavailable: 4,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];

export class StartError extends Error {
  /** Matched instead of the class, which does not survive every boundary. */
  readonly code = 'START_ERROR';

  constructor(
    message: string,
    readonly exitCode: ExitCode,
  ) {
    super(message);
  }
}

export function isStartError(error: unknown): error is StartError {
  return error instanceof Error && 'code' in error && error.code === 'START_ERROR';
}

/** What an error says, for a sentence of our own. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
