/**
 * Where the server's certificate comes from: the operator's files, or one that the server makes for itself.
 */
import { existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { dataFolders } from '../../shared/journal/data-folders';
import type { Logger } from '../logger';
import type { ServerOptions } from '../options';
import { reachableHost } from '../reachable-host';
import { exitCode, messageOf, StartError } from '../start-error';
import { createSelfSignedCertificate } from './self-signed-certificate';
import { identityOf, readIdentity, type TlsIdentity } from './tls-identity';

export type CertificateSource =
  /** Files that somebody else renews. */
  | { readonly kind: 'files'; readonly certificateFile: string; readonly keyFile: string }
  /** Files of the data directory, made there when they are missing. */
  | { readonly kind: 'kept'; readonly folder: string; readonly names: readonly string[] }
  /** Nowhere: it ends with the process. */
  | { readonly kind: 'passing'; readonly names: readonly string[] };

type TlsOptions = Pick<ServerOptions, 'tlsCert' | 'tlsKey' | 'tlsSelfSigned' | 'host' | 'data' | 'ephemeral'>;

/** Undefined when the server speaks plain text. Throws a `StartError` for options that do not go together. */
export function chooseCertificate(options: TlsOptions): CertificateSource | undefined {
  const { tlsCert, tlsKey, tlsSelfSigned, ephemeral, data } = options;
  if (tlsSelfSigned) {
    if (tlsCert !== undefined || tlsKey !== undefined)
      throw badUsage(
        'either a certificate of your own (--tls-cert, --tls-key) or --tls-self-signed, not both',
      );
    const names = namesFor(options.host);
    return ephemeral ? { kind: 'passing', names } : { kind: 'kept', folder: data, names };
  }
  if (tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsKey === undefined)
    throw badUsage('--tls-cert needs its private key: name that too, with --tls-key FILE');
  if (tlsCert === undefined)
    throw badUsage('--tls-key needs its certificate: name that too, with --tls-cert FILE');
  return { kind: 'files', certificateFile: tlsCert, keyFile: tlsKey };
}

/**
 * Reads the certificate, or makes it. Throws a `StartError` that names the file.
 * @param log is told when a certificate that clients may trust is replaced.
 */
export function loadIdentity(source: CertificateSource, log?: Logger): TlsIdentity {
  switch (source.kind) {
    case 'files':
      return readIdentity(source.certificateFile, source.keyFile);
    case 'kept':
      return loadKept(source.folder, source.names, log);
    case 'passing':
      return identityOf(createSelfSignedCertificate(source.names));
  }
}

/** The certificate is written last: where it stands, the key does too, unless somebody took it away. */
function loadKept(folder: string, names: readonly string[], log?: Logger): TlsIdentity {
  const { tlsKey, tlsCertificate } = dataFolders(folder);
  if (!existsSync(tlsCertificate) || !existsSync(tlsKey)) {
    setAside(tlsKey, tlsCertificate, log);
    setAside(tlsCertificate, tlsKey, log);
    const { key, certificate } = createSelfSignedCertificate(names);
    writeWhole(tlsKey, key);
    writeWhole(tlsCertificate, certificate);
  }
  return readIdentity(tlsCertificate, tlsKey);
}

/** Half a pair is of no use without the other, which may be in a backup. A stop after this leaves none that do not fit. */
function setAside(file: string, missing: string, log?: Logger): void {
  if (!existsSync(file)) return;
  const keptAs = `${file}.old`;
  try {
    renameSync(file, keptAs);
  } catch (error) {
    throw new StartError(`cannot rename ${file}: ${messageOf(error)}`, exitCode.dataUnavailable);
  }
  log?.warn(
    { missing, keptAs },
    'a new certificate is made, because one of its two files is missing: clients that trust the old one refuse this ' +
      'server. Tell them the new fingerprint, or stop the server, put both old files back and start it again.',
  );
}

/** For the owner alone; whoever looks sees the whole file or none. */
function writeWhole(file: string, text: string): void {
  const incomplete = `${file}.incomplete`;
  try {
    rmSync(incomplete, { force: true });
    writeFileSync(incomplete, text, { mode: 0o600, flag: 'wx', flush: true });
    renameSync(incomplete, file);
  } catch (error) {
    throw new StartError(`cannot write ${file}: ${messageOf(error)}`, exitCode.dataUnavailable);
  }
}

function namesFor(host: string): readonly string[] {
  return [reachableHost(host), os.hostname(), 'localhost', '127.0.0.1', '::1'];
}

function badUsage(message: string): StartError {
  return new StartError(message, exitCode.badUsage);
}
