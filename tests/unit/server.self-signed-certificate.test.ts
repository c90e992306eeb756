// Goal: the certificate that the server makes for itself is one that OpenSSL takes, with strict checks, for the names it has.
import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import tls from 'node:tls';
import { boolean, integer, objectIdentifier, octetString, time } from '../../server/tls/der';
import { createSelfSignedCertificate } from '../../server/tls/self-signed-certificate';
import { identityOf, isSelfSigned } from '../../server/tls/tls-identity';

const dayMs = 86_400_000;

test('it carries its names, signs itself, and is valid from yesterday for ten years', () => {
  const now = new Date('2026-03-04T05:06:07.890Z');
  const pair = createSelfSignedCertificate(['chat.example.org', '10.0.0.7', '2001:db8::f00:1', '::1'], now);
  const certificate = new X509Certificate(pair.certificate);
  expect(certificate.subjectAltName).toBe(
    'DNS:chat.example.org, IP Address:10.0.0.7, IP Address:2001:DB8:0:0:0:0:F00:1, IP Address:0:0:0:0:0:0:0:1',
  );
  expect(certificate.checkHost('chat.example.org')).toBe('chat.example.org');
  expect(certificate.checkHost('example.org')).toBeUndefined();
  expect(certificate.checkIP('2001:db8:0::f00:1')).toBeDefined();
  expect(certificate.subject).toBe('CN=Benang chat-server');
  expect(new Date(certificate.validFrom).getTime()).toBe(new Date('2026-03-04T05:06:07Z').getTime() - dayMs);
  expect(new Date(certificate.validTo).toISOString()).toBe('2036-03-04T05:06:07.000Z');
  expect(certificate.verify(certificate.publicKey)).toBe(true);
  expect(certificate.checkPrivateKey(createPrivateKey(pair.key))).toBe(true);
  expect(certificate.ca).toBe(false);
  expect(certificate.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(isSelfSigned(identityOf(pair))).toBe(true);
});

test('no two are alike, and each has a positive serial number of 16 bytes', () => {
  const serials = Array.from({ length: 50 }, () => {
    return new X509Certificate(createSelfSignedCertificate(['localhost']).certificate).serialNumber;
  });
  expect(new Set(serials).size).toBe(50);
  for (const serial of serials) expect(serial).toMatch(/^[4-7][0-9A-F]{31}$/);
});

test('its dates may lie beyond 2049, where they are written with four digits', () => {
  const { certificate } = createSelfSignedCertificate(['localhost'], new Date('2049-12-31T23:59:59Z'));
  const { validFrom, validTo } = new X509Certificate(certificate);
  expect(new Date(validFrom).toISOString()).toBe('2049-12-30T23:59:59.000Z');
  expect(new Date(validTo).toISOString()).toBe('2059-12-31T23:59:59.000Z');
});

test('names that a certificate cannot have are left out; with none at all it is still one', () => {
  const odd = createSelfSignedCertificate(['fe80::1%eth0', 'no such host', '', 'localhost', 'localhost']);
  expect(new X509Certificate(odd.certificate).subjectAltName).toBe('DNS:localhost');
  const bare = createSelfSignedCertificate([]);
  expect(new X509Certificate(bare.certificate).subjectAltName).toBeUndefined();
});

test('with so many names that lengths take two bytes and three, it can still be read', () => {
  for (const count of [5, 20, 5_000]) {
    const names = Array.from({ length: count }, (_, index) => `host-${index}.example.org`);
    const { certificate } = createSelfSignedCertificate(names);
    expect(new X509Certificate(certificate).subjectAltName?.split(', ')).toHaveLength(count);
  }
});

test('a strict client that trusts it does the handshake, for its names and for no others', async () => {
  const { key, certificate } = createSelfSignedCertificate(['localhost', '127.0.0.1']);
  const server = tls.createServer({ key, cert: certificate }, (socket) => socket.end());
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const outcome = (servername: string, ca?: string): Promise<string> =>
    new Promise((resolve) => {
      const socket = tls.connect({
        host: '127.0.0.1',
        port,
        servername,
        ...(ca === undefined ? {} : { ca }),
      });
      socket.once('secureConnect', () => {
        resolve(String(socket.authorized));
        socket.destroy();
      });
      socket.once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code ?? error.message);
      });
    });
  expect(await outcome('localhost', certificate)).toBe('true');
  expect(await outcome('other.example.org', certificate)).toBe('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(await outcome('localhost', createSelfSignedCertificate(['localhost']).certificate)).toMatch(
    /SELF_SIGNED|VERIFY/,
  );
  expect(await outcome('localhost')).toMatch(/SELF_SIGNED/);
  server.close();
});

test('values are written as X.690 writes them', () => {
  expect(objectIdentifier('1.2.840.113549.1.1.11').toString('hex')).toBe('06092a864886f70d01010b');
  expect(objectIdentifier('2.5.4.3').toString('hex')).toBe('0603550403');
  expect(boolean(true).toString('hex')).toBe('0101ff');
  expect(octetString(Buffer.alloc(200)).subarray(0, 3).toString('hex')).toBe('0481c8');
  expect(octetString(Buffer.alloc(70_000)).subarray(0, 5).toString('hex')).toBe('0483011170');
  expect(time(new Date('2026-01-02T03:04:05.678Z')).toString('latin1')).toBe('\x17\x0d260102030405Z');
  expect(time(new Date('2050-01-02T03:04:05Z')).toString('latin1')).toBe('\x18\x0f20500102030405Z');
  for (const bytes of [[], [0], [0, 1], [0x80]]) expect(() => integer(Buffer.from(bytes))).toThrow(/integer/);
});
