/**
 * The flags `--tls`, `--tls-ca` and `--tls-fingerprint`, as all programs that connect to a server have them.
 */
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { InvalidArgumentError, Option } from 'commander';
import { normalFingerprint, type TlsOptions } from './start-socket';

export interface TlsFlags {
  readonly tls?: boolean | undefined;
  readonly tlsCa?: CertificateFile | undefined;
  readonly tlsFingerprint?: string | undefined;
}

export interface CertificateFile {
  readonly path: string;
  /** The certificates that it holds. */
  readonly pem: string;
}

export function tlsFlagOptions(): Option[] {
  return [
    new Option('--tls', 'encrypt the connection; the server has to speak TLS'),
    new Option('--tls-ca <file>', 'trust the certificates in this PEM file and no others').argParser(
      readCertificates,
    ),
    new Option(
      '--tls-fingerprint <sha256>',
      'trust the server with this certificate and no other, as its start printed it',
    )
      .argParser(readFingerprint)
      .conflicts('tlsCa'),
  ];
}

/** Undefined for plain text. Whoever says whom to trust means TLS. */
export function tlsOptionsOf({ tls, tlsCa, tlsFingerprint }: TlsFlags): TlsOptions | undefined {
  if (tls !== true && tlsCa === undefined && tlsFingerprint === undefined) return undefined;
  return {
    ...(tlsCa === undefined ? {} : { ca: tlsCa.pem }),
    ...(tlsFingerprint === undefined ? {} : { fingerprint: tlsFingerprint }),
  };
}

/** The flags as they are typed, each with a space after it. */
export function typedTlsFlags(flags: TlsFlags): string {
  if (tlsOptionsOf(flags) === undefined) return '';
  const { tlsCa, tlsFingerprint } = flags;
  const ca = tlsCa === undefined ? '' : `--tls-ca ${tlsCa.path} `;
  return `--tls ${ca}${tlsFingerprint === undefined ? '' : `--tls-fingerprint ${tlsFingerprint} `}`;
}

function readCertificates(path: string): CertificateFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  const certificates = text.match(/-----BEGIN CERTIFICATE-----[^-]*(-----END CERTIFICATE-----)?/g);
  if (certificates === null)
    throw new InvalidArgumentError('There is no certificate in it: it has to be a PEM file.');
  // Node would pass over one that it cannot read.
  if (!certificates.every(isCertificate)) throw new InvalidArgumentError('A certificate in it is damaged.');
  return { path, pem: certificates.join('\n') };
}

function isCertificate(pem: string): boolean {
  try {
    new X509Certificate(pem);
    return true;
  } catch {
    return false;
  }
}

function readFingerprint(text: string): string {
  const fingerprint = normalFingerprint(text);
  if (fingerprint === undefined)
    throw new InvalidArgumentError('Wanted 64 hexadecimal digits, with colons or without, like AB:CD:…');
  return fingerprint;
}
