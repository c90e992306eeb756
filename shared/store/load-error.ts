/** What is on disk does not fit in the memory that the store was given, or contradicts itself. */
export class LoadError extends Error {
  constructor(
    message: string,
    readonly code: 'STORE_TOO_SMALL' | 'DATA_DAMAGED',
  ) {
    super(message);
  }
}

export function storeTooSmall(): LoadError {
  return new LoadError('what is on disk does not fit in the store: raise --memory', 'STORE_TOO_SMALL');
}
