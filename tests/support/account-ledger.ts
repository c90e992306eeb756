/** What clients know of sessions and accounts when the server that they asked is killed. */
export type Certainty = 'yes' | 'no' | 'unknown';

export class AccountLedger {
  readonly violations: string[] = [];
  /** Tokens, and whether they are sessions. */
  readonly sessions = new Map<string, Certainty>();
  /** Names that were asked for, and whether they are accounts. */
  readonly accounts = new Map<string, Certainty>();
  private nextAccount = 1;

  freshName(): string {
    const name = `newcomer-${this.nextAccount}`;
    this.nextAccount += 1;
    return name;
  }

  /** A server that has come back says whether a token is a session. */
  judgeSession(token: string, isSession: boolean): void {
    const known = this.sessions.get(token) ?? 'unknown';
    if (known !== 'unknown' && (known === 'yes') !== isSession)
      this.violations.push(`a session that ${known === 'yes' ? 'was opened' : 'was ended'} is ${isSession}`);
    this.sessions.set(token, isSession ? 'yes' : 'no');
  }

  /** A server that has come back says whether a name is an account. */
  judgeAccount(name: string, isAccount: boolean): void {
    if (this.accounts.get(name) === 'yes' && !isAccount) this.violations.push(`lost: the account ${name}`);
    this.accounts.set(name, isAccount ? 'yes' : 'no');
  }
}
