/**
 * Who is at the other end of a connection, as far as limits are concerned.
 */
import type { ClientAddress } from './client-address';

export interface Client extends ClientAddress {
  /** Nothing that is counted by address or connection is counted of it. */
  readonly isExempt: boolean;
}
