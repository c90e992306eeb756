/** Names offered by Tab; an upper bound, so that no server can fill our memory with names. */
const namesMax = 1_000;

/** What the command line remembers between commands. */
export class SessionState {
  /** The token of the login; undefined before login and after logout. */
  token: string | undefined;
  private readonly names = new Set<string>();

  /** @param canAsk whether somebody is there to answer a question, such as for a password */
  constructor(readonly canAsk: boolean) {}

  /** Usernames that a reply has mentioned, sorted. */
  get namesSeen(): string[] {
    return [...this.names].sort();
  }

  /** Names that could not be typed as one word are not remembered. */
  remember(names: readonly string[]): void {
    for (const name of names) {
      if (this.names.size < namesMax && /^[!-~]{1,64}$/.test(name)) this.names.add(name);
    }
  }
}
