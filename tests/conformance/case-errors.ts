/** The server answered with other bytes than the contract says. */
export class Mismatch extends Error {
  readonly code = 'MISMATCH';

  constructor(
    readonly request: string,
    readonly expected: string,
    readonly received: string,
  ) {
    super(`after ${request}\nexpected ${expected}\nreceived ${received}`);
  }
}

/** The case needs something this server was not started with, or that its users keep busy. */
export class NotApplicable extends Error {
  readonly code = 'NOT_APPLICABLE';
}
