/**
 * The key and the certificate with which the server shows who it is. What is wrong with them is a `StartError` that
 * names the file.
 */
import { constants, createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import tls from 'node:tls';
import { exitCode, messageOf, StartError } from '../start-error';
import type { KeyAndCertificate } from './self-signed-certificate';

export interface TlsIdentity extends KeyAndCertificate {
  /** The server's own certificate: the first of the file. */
  readonly leaf: X509Certificate;
}

/** What each of the server's TLS contexts is made with. Ciphers and curves are Node's. */
export function secureContextOptions({ key, certificate }: KeyAndCertificate): tls.SecureContextOptions {
  // Another handshake on a connection that stands costs the server more than the client, and no client needs it.
  return { key, cert: certificate, minVersion: 'TLSv1.2', secureOptions: constants.SSL_OP_NO_RENEGOTIATION };
}

export function readIdentity(certificateFile: string, keyFile: string): TlsIdentity {
  const certificate = readText('certificate', certificateFile);
  const key = readText('key', keyFile);
  const leaf = parseCertificate(certificate, certificateFile);
  if (!leaf.checkPrivateKey(parseKey(key, keyFile))) {
    throw badUsage(
      `the key in ${keyFile} does not belong to the certificate in ${certificateFile}. ` +
        "Name the two that were made together; in a file of several certificates the server's own comes first.",
    );
  }
  const identity = { key, certificate, leaf };
  try {
    tls.createSecureContext(secureContextOptions(identity));
  } catch (error) {
    throw badUsage(`${certificateFile} and ${keyFile} cannot be used for TLS: ${messageOf(error)}`);
  }
  return identity;
}

/** The identity of a pair that was made here. */
export function identityOf(pair: KeyAndCertificate): TlsIdentity {
  return { ...pair, leaf: new X509Certificate(pair.certificate) };
}

/** SHA-256 of the server's own certificate, as `AB:CD:…`. */
export function fingerprintOf({ leaf }: TlsIdentity): string {
  return leaf.fingerprint256;
}

/** Clients cannot find out by themselves whether to trust it. */
export function isSelfSigned({ leaf }: TlsIdentity): boolean {
  return leaf.issuer === leaf.subject && leaf.checkIssued(leaf);
}

export function expiryOf({ leaf }: TlsIdentity): Date {
  return new Date(leaf.validTo);
}

function readText(what: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw badUsage(`cannot read the ${what} ${file}: ${messageOf(error)}`);
  }
}

function parseCertificate(text: string, file: string): X509Certificate {
  if (!text.includes('-----BEGIN CERTIFICATE-----'))
    throw badUsage(
      `there is no certificate in ${file}: it has to be a PEM file (-----BEGIN CERTIFICATE-----)`,
    );
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw badUsage(`the certificate in ${file} cannot be read: ${messageOf(error)}`);
  }
}

function parseKey(text: string, file: string): KeyObject {
  if (!text.includes('PRIVATE KEY-----'))
    throw badUsage(
      `there is no private key in ${file}: it has to be a PEM file (-----BEGIN PRIVATE KEY-----)`,
    );
  if (/ENCRYPTED/.test(text)) {
    throw badUsage(
      `the key in ${file} is encrypted, and a server has nobody to ask for the passphrase. ` +
        `Decrypt it into a file for the server alone: (umask 077; openssl pkey -in ${file} -out key.pem)`,
    );
  }
  try {
    return createPrivateKey(text);
  } catch (error) {
    throw badUsage(`the key in ${file} cannot be read: ${messageOf(error)}`);
  }
}

function badUsage(message: string): StartError {
  return new StartError(message, exitCode.badUsage);
}
