/** Names offered by Tab; an upper bound, so that no server can fill our memory with names. */
const namesMax = 1_000;

export interface SessionSetting {
  /** Whether somebody is there to answer a question, such as for a password. */
  readonly canAsk: boolean;
  /** Whether messages may come by themselves; not in a pipe, and not when the user wants it as it was. */
  readonly isLive: boolean;
  /** How wide a line may be before it is shortened. */
  readonly columns: () => number;
}

/** What the command line remembers between commands. */
export class SessionState {
  /** The token of the login; undefined before login and after logout. */
  token: string | undefined;
  /** Who is logged in, as typed. */
  username: string | undefined;
  /** Whether this login is subscribed: what is sent is then posted with a key, and needs no connection at once. */
  isSubscribed = false;
  /** Where the last message came from: who sent it, or the room that it was sent to. */
  lastCorrespondent: string | undefined;
  readonly setting: SessionSetting;
  private readonly names = new Set<string>();

  constructor(setting: Partial<SessionSetting> = {}) {
    this.setting = { canAsk: false, isLive: false, columns: () => Infinity, ...setting };
  }

  /** Usernames that a reply or a message has mentioned, sorted. */
  get namesSeen(): string[] {
    return [...this.names].filter((name) => !name.startsWith('#')).sort();
  }

  /** Rooms likewise, with their `#`. */
  get roomsSeen(): string[] {
    return [...this.names].filter((name) => name.startsWith('#')).sort();
  }

  /** Names that could not be typed as one word are not remembered. */
  remember(names: readonly string[]): void {
    for (const name of names) {
      if (this.names.size < namesMax && /^[!-~]{1,64}$/.test(name)) this.names.add(name);
    }
  }

  /** The login is over, whoever ended it. */
  forgetLogin(): void {
    this.token = undefined;
    this.username = undefined;
    this.isSubscribed = false;
    this.lastCorrespondent = undefined;
  }
}
