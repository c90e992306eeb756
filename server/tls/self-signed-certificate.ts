/**
 * Makes a key and a certificate that it signs itself. ECDSA P-256: the main thread signs a handshake in a tenth of the time
 * that RSA takes. `node:crypto` makes the key and the signature; what stands around them is RFC 5280.
 */
import { generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { isIP, isIPv4 } from 'node:net';
import {
  bitString,
  boolean,
  explicit,
  implicit,
  integer,
  objectIdentifier,
  octetString,
  sequence,
  set,
  time,
  utf8String,
} from './der';

export interface KeyAndCertificate {
  /** PEM, PKCS #8, not encrypted. */
  readonly key: string;
  /** PEM. */
  readonly certificate: string;
}

const subject = 'Benang chat-server';
const yearsValid = 10;
/** Clients whose clocks are behind take it too. */
const clockSlackMs = 86_400_000;
const serialBytes = 16;

const oids = {
  ecdsaWithSha256: '1.2.840.10045.4.3.2',
  commonName: '2.5.4.3',
  basicConstraints: '2.5.29.19',
  extendedKeyUsage: '2.5.29.37',
  subjectAltName: '2.5.29.17',
  serverAuth: '1.3.6.1.5.5.7.3.1',
} as const;

/** The alternatives of GeneralName that are used. */
const generalName = { dnsName: 2, ipAddress: 7 } as const;
const version3 = Buffer.of(2);

/** @param names host names and addresses the certificate is for, the ones clients connect to. */
export function createSelfSignedCertificate(names: readonly string[], now = new Date()): KeyAndCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const algorithm = sequence(objectIdentifier(oids.ecdsaWithSha256));
  const name = sequence(set(sequence(objectIdentifier(oids.commonName), utf8String(subject))));
  const from = new Date(now.getTime() - clockSlackMs);
  const until = new Date(now);
  until.setUTCFullYear(until.getUTCFullYear() + yearsValid);
  const toBeSigned = sequence(
    explicit(0, integer(version3)),
    integer(serialNumber()),
    algorithm,
    name,
    sequence(time(from), time(until)),
    name,
    publicKey.export({ type: 'spki', format: 'der' }),
    explicit(3, sequence(...extensions(names))),
  );
  const certificate = sequence(toBeSigned, algorithm, bitString(sign('sha256', toBeSigned, privateKey)));
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    certificate: pem('CERTIFICATE', certificate),
  };
}

/** No certification authority: whoever trusts this certificate trusts this server, and nothing else it might sign. */
function extensions(names: readonly string[]): Buffer[] {
  const alternatives = [...new Set(names)].map(encodeName).filter((name) => name !== undefined);
  return [
    extension(oids.basicConstraints, sequence(), true),
    extension(oids.extendedKeyUsage, sequence(objectIdentifier(oids.serverAuth))),
    ...(alternatives.length > 0 ? [extension(oids.subjectAltName, sequence(...alternatives))] : []),
  ];
}

function extension(oid: string, value: Buffer, isCritical = false): Buffer {
  const critical = isCritical ? [boolean(true)] : [];
  return sequence(objectIdentifier(oid), ...critical, octetString(value));
}

/** Undefined for what a certificate cannot name, such as an address that is valid on one interface only. */
function encodeName(name: string): Buffer | undefined {
  if (isIP(name) !== 0)
    return name.includes('%') ? undefined : implicit(generalName.ipAddress, addressBytes(name));
  return /^[\w.-]+$/.test(name) ? implicit(generalName.dnsName, Buffer.from(name, 'latin1')) : undefined;
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  // The URL parser writes every form of an IPv6 address as groups of hexadecimal digits with one `::` at most.
  const [head = '', tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split('::');
  const left = groupsOf(head);
  const right = groupsOf(tail ?? '');
  const zeros = Array.from({ length: 8 - left.length - right.length }, () => 0);
  return Buffer.from([...left, ...zeros, ...right].flatMap((group) => [group >> 8, group & 0xff]));
}

function groupsOf(text: string): number[] {
  return text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
}

/** Positive, unique, and of one length. */
function serialNumber(): Buffer {
  const serial = randomBytes(serialBytes);
  serial[0] = (serial[0]! & 0x3f) | 0x40;
  return serial;
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString('base64').replace(/.{1,64}/g, '$&\n');
  return `-----BEGIN ${label}-----\n${lines}-----END ${label}-----\n`;
}
