import { X509Certificate } from 'node:crypto';
import type tls from 'node:tls';
import { createSelfSignedCertificate } from '../../server/tls/self-signed-certificate';
import type { TemporaryFolder } from './temporary-folder';

/** A certificate that signs itself, and its key, in files of a test's folder. */
export class CertificateFiles {
  readonly certificateFile: string;
  readonly keyFile: string;
  readonly pem: string;
  readonly key: string;

  /** @param now when it was made: it is valid for ten years from then on. */
  constructor(
    folder: TemporaryFolder,
    name: string,
    names: readonly string[] = ['localhost', '127.0.0.1'],
    now = new Date(),
  ) {
    const { key, certificate } = createSelfSignedCertificate(names, now);
    this.key = key;
    this.pem = certificate;
    this.certificateFile = folder.write(`${name}.pem`, certificate);
    this.keyFile = folder.write(`${name}.key`, key);
  }

  /** What makes a server show it. */
  get flags(): string[] {
    return ['--tls-cert', this.certificateFile, '--tls-key', this.keyFile];
  }

  /** What makes a client trust it and nothing else. */
  get trust(): tls.ConnectionOptions {
    return { ca: this.pem };
  }

  get fingerprint(): string {
    return new X509Certificate(this.pem).fingerprint256;
  }
}
