/**
 * What lies where in a data directory.
 */
import path from 'node:path';

export interface DataFolders {
  /** Segments of the journal. */
  readonly journal: string;
  /** The tables, an LMDB environment. */
  readonly tables: string;
  /** What the limits have counted. */
  readonly limits: string;
  /** The socket by which the owner is known and asked. */
  readonly socket: string;
  /** What `--tls-self-signed` makes. */
  readonly tlsKey: string;
  readonly tlsCertificate: string;
  /** What a backup is made in; there until it is complete. */
  readonly incomplete: string;
}

export function dataFolders(folder: string): DataFolders {
  return {
    journal: path.join(folder, 'journal'),
    tables: path.join(folder, 'tables'),
    limits: path.join(folder, 'limits.jsonl'),
    socket: path.join(folder, 'control.sock'),
    tlsKey: path.join(folder, 'tls-key.pem'),
    tlsCertificate: path.join(folder, 'tls-cert.pem'),
    incomplete: path.join(folder, 'incomplete'),
  };
}
