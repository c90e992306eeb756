/**
 * What the operator's commands ask for: of the data itself when no server has it, of the server when one does.
 */
import type { ListedUser } from '../../shared/batch/tasks';
import type { ErrorCode } from '../../shared/protocol/error-codes';
import type { Account } from '../account-rules';
import type { HeldBack } from '../limits/limits';

export type Outcome = ErrorCode | 'OK';

/** A change that is answered is on disk. Rejections are `StartError`s where the reason is known. */
export interface AdminService {
  /** Creates the accounts that are missing; one outcome each, `USER_EXISTS` for those that are not. */
  addAccounts(accounts: readonly Account[]): Promise<readonly Outcome[]>;
  /** Replaces a password and ends the user's sessions. */
  setPassword(username: string, password: string): Promise<Outcome>;
  /** Removes an account, with its sessions and its unread messages. */
  removeUser(username: string): Promise<Outcome>;
  /** Every account, in order of creation. */
  listUsers(): AsyncIterable<ListedUser>;
  /** Who is held back by limits now. */
  listLimits(): AsyncIterable<HeldBack> | Iterable<HeldBack>;
  /** Forgets what limits have counted of an account or an address, or of all; returns how many counts had something. */
  clearLimits(target: string | undefined): Promise<number>;
  /** Copies the data to an empty or missing folder, given by its absolute path. */
  backup(target: string): Promise<void>;
  /** Brings into the tables all that is on disk, so that who reads them finds it. */
  catchUp(): Promise<void>;
}

/** Accounts in one request, at most: their hashes take this many times 20 ms. */
export const accountsPerRequestMax = 100;
