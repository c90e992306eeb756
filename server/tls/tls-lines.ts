/**
 * What the server says about encryption: in its start lines, and in its log.
 */
import { isLoopback } from '../accounts';
import { formatAddress } from '../listener';
import type { Logger } from '../logger';
import { reachableHost } from '../reachable-host';
import { expiryOf, fingerprintOf, isSelfSigned, type TlsIdentity } from './tls-identity';

/** Time enough to renew it. */
const expiryNoticeMs = 14 * 86_400_000;

/** What is printed after `TLS`. */
export function describeEncryption(host: string, identity: TlsIdentity | undefined): string {
  if (identity === undefined) return isLoopback(host) ? 'off' : `off: ${plainTextWarning}`;
  const signature = isSelfSigned(identity) ? 'a self-signed certificate' : 'a certificate';
  return `on, ${signature} valid until ${dayOf(expiryOf(identity))}, SHA-256 ${fingerprintOf(identity)}`;
}

/** What is typed after `chat-client connect`, with the flags that this server's certificate takes. */
export function connectArguments(host: string, port: number, identity: TlsIdentity | undefined): string {
  const reachable = reachableHost(host);
  if (identity === undefined) return formatAddress(reachable, port);
  if (isSelfSigned(identity))
    return `--tls --tls-fingerprint ${fingerprintOf(identity)} ${formatAddress(reachable, port)}`;
  return `--tls ${formatAddress(certifiedName(reachable, identity), port)}`;
}

/** Logs what the operator should do something about. */
export function warnAboutEncryption(host: string, identity: TlsIdentity | undefined, log: Logger): void {
  if (identity === undefined) {
    if (!isLoopback(host)) log.warn({ host }, `not encrypted: ${plainTextWarning}`);
    return;
  }
  const leftMs = expiryOf(identity).getTime() - Date.now();
  const validTo = expiryOf(identity).toISOString();
  if (leftMs < 0) log.warn({ validTo }, 'the certificate has expired: clients refuse it; renew it, then HUP');
  else if (leftMs < expiryNoticeMs) log.warn({ validTo }, 'the certificate expires soon: renew it, then HUP');
}

const plainTextWarning =
  'whoever is on the way can read passwords and messages. ' +
  'Encrypt with --tls-cert FILE --tls-key FILE, or with --tls-self-signed.';

/** The host when the certificate is for it; otherwise a name that it is for, if it has one to connect to. */
function certifiedName(host: string, { leaf }: TlsIdentity): string {
  if (leaf.checkIP(host) !== undefined || leaf.checkHost(host) !== undefined) return host;
  const name = /(?:^|, )DNS:([\w.-]+)(?:,|$)/.exec(leaf.subjectAltName ?? '');
  return name?.[1] ?? host;
}

function dayOf(date: Date): string {
  return date.toISOString().slice(0, 10);
}
