/** A registered user whose password the suite knows. */
export interface Account {
  /** Lower case, as the server folds it. */
  readonly username: string;
  readonly password: string;
  readonly displayName: string;
}

/** The accounts a case plays with, named after the seed's three whatever they are called on the server. */
export interface Cast {
  readonly messi: Account;
  readonly henderson: Account;
  readonly lineker: Account;
}

export const seedCast: Cast = {
  messi: { username: 'messi', password: 'surabaya', displayName: 'Lionel Messi' },
  henderson: { username: 'henderson', password: 'surabaya', displayName: 'Jordan Henderson' },
  lineker: { username: 'lineker', password: 'surabaya', displayName: 'Gary Lineker' },
};

/** Reads `NAME:PASSWORD[:DISPLAY NAME]`; without a display name it is the user name. Undefined when it is not one. */
export function parseAccount(text: string): Account | undefined {
  const match = /^([A-Za-z0-9._-]{1,32}):([^\s:]{1,128})(?::(.+))?$/u.exec(text);
  if (!match) return undefined;
  const username = match[1]!.toLowerCase();
  return { username, password: match[2]!, displayName: match[3] ?? match[1]! };
}
