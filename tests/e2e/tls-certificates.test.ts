// Goal: certificates are checked at start and by name, read again on HUP without dropping a connection, and made once on request.
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import tls from 'node:tls';
import { CertificateFiles } from '../support/certificate-files';
import { cleanUp } from '../support/clean-up';
import { LineSocket, type Address } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

const pong = '{"status": "OK", "message": "pong"}\r\n\r\n';

let folder: TemporaryFolder;
const running: ServerProcess[] = [];

beforeAll(() => {
  folder = new TemporaryFolder();
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.kill()));
});
afterAll(() => {
  folder.remove();
});

async function start(
  ...[args = [], options]: Parameters<typeof ServerProcess.start>
): Promise<ServerProcess> {
  const server = await ServerProcess.start(['--threads', '1', ...args], options);
  running.push(server);
  return server;
}

/** The fingerprint of the certificate that is shown to a new connection. */
function shownBy({ host, port }: Address): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({ host, port, rejectUnauthorized: false }, () => {
      resolve(socket.getPeerX509Certificate()?.fingerprint256 ?? 'none');
      socket.destroy();
    });
    socket.once('error', reject);
  });
}

function startLine(server: ServerProcess, label: string): string {
  return server.stdout.split('\n').find((line) => line.startsWith(label)) ?? '';
}

describe('at start: exit code 2, and the text names the file and what to do', () => {
  function refused(...args: readonly string[]): ReturnType<typeof ServerProcess.run> {
    return ServerProcess.run(['--ephemeral', '--port', '0', ...args]);
  }

  async function expectRefused(
    args: readonly string[],
    ...texts: readonly (string | RegExp)[]
  ): Promise<void> {
    const exit = await refused(...args);
    for (const text of texts) expect(exit.stderr).toMatch(text);
    expect(exit.stderr).not.toMatch(/\n\s+at /);
    expect(exit.stdout).toBe('');
    expect(exit.code).toBe(2);
  }

  test('one of the pair without the other, or both and one of its own making', async () => {
    const { certificateFile, keyFile, flags } = new CertificateFiles(folder, 'pair');
    await expectRefused(['--tls-cert', certificateFile], /--tls-key FILE/);
    await expectRefused(['--tls-key', keyFile], /--tls-cert FILE/);
    await expectRefused(['--tls-self-signed', ...flags], /not both/);
  });

  test('files that are missing, or are not what they should be', async () => {
    const { certificateFile, keyFile } = new CertificateFiles(folder, 'right');
    const missing = folder.file('missing.pem');
    const text = folder.write('text.pem', 'not a certificate\n');
    const torn = folder.write('torn.pem', readFileSync(certificateFile, 'utf8').replace(/\n.{64}\n/, '\n'));
    const tornKey = folder.write('torn.key', readFileSync(keyFile, 'utf8').replace(/\n.{20}/, '\n'));
    await expectRefused(['--tls-cert', missing, '--tls-key', keyFile], missing, /ENOENT/);
    await expectRefused(['--tls-cert', certificateFile, '--tls-key', missing], missing, /ENOENT/);
    await expectRefused(['--tls-cert', text, '--tls-key', keyFile], text, /PEM/);
    await expectRefused(['--tls-cert', certificateFile, '--tls-key', text], text, /PEM/);
    await expectRefused(['--tls-cert', keyFile, '--tls-key', certificateFile], keyFile, /no certificate/);
    await expectRefused(['--tls-cert', torn, '--tls-key', keyFile], torn);
    await expectRefused(['--tls-cert', certificateFile, '--tls-key', tornKey], tornKey);
    await expectRefused(['--tls-cert', folder.path, '--tls-key', keyFile], folder.path);
  });

  test('a key that is encrypted, and how to decrypt it', async () => {
    const { certificateFile } = new CertificateFiles(folder, 'plain');
    const { privateKey } = generateKeyPairSync('ec', {
      namedCurve: 'P-256',
      privateKeyEncoding: { type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'rahasia' },
      publicKeyEncoding: { type: 'spki', format: 'pem' },
    });
    const encrypted = folder.write('encrypted.key', privateKey);
    await expectRefused(
      ['--tls-cert', certificateFile, '--tls-key', encrypted],
      encrypted,
      /encrypted/,
      /openssl pkey/,
    );
  });

  test('a key of another certificate, and a chain whose first certificate is not the key’s', async () => {
    const one = new CertificateFiles(folder, 'one');
    const two = new CertificateFiles(folder, 'two');
    await expectRefused(
      ['--tls-cert', one.certificateFile, '--tls-key', two.keyFile],
      one.certificateFile,
      two.keyFile,
      /does not belong/,
    );
    const wrongOrder = folder.write('wrong-order.pem', two.pem + one.pem);
    await expectRefused(['--tls-cert', wrongOrder, '--tls-key', one.keyFile], wrongOrder, /first/);
    const server = await start([
      '--tls-cert',
      folder.write('order.pem', one.pem + two.pem),
      '--tls-key',
      one.keyFile,
    ]);
    expect(await shownBy(server.address)).toBe(one.fingerprint);
  });

  test('a key too small to be safe', async () => {
    const { certificateFile } = new CertificateFiles(folder, 'fine');
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 512 });
    const small = folder.write('small.key', privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    await expectRefused(['--tls-cert', certificateFile, '--tls-key', small], small);
  });

  test('the key stands in no complaint', async () => {
    const { certificateFile, key } = new CertificateFiles(folder, 'secret');
    const body = key.split('\n')[1]!;
    const exit = await refused(
      '--tls-cert',
      certificateFile,
      '--tls-key',
      folder.write('half.key', key.slice(0, 100)),
    );
    expect(exit.stderr + exit.stdout).not.toContain(body.slice(0, 20));
    expect(exit.code).toBe(2);
  });
});

describe('the start lines', () => {
  test('say what the certificate is, and what to type: for one that signs itself, with its fingerprint', async () => {
    const { flags, fingerprint } = new CertificateFiles(folder, 'lines');
    const server = await start(flags);
    const { port } = server.address;
    expect(startLine(server, 'TLS')).toMatch(
      /^TLS {12}on, a self-signed certificate valid until \d{4}-\d\d-\d\d, SHA-256/,
    );
    expect(startLine(server, 'TLS')).toContain(fingerprint);
    expect(startLine(server, 'Connect with')).toBe(
      `Connect with   chat-client connect --tls --tls-fingerprint ${fingerprint} 127.0.0.1:${port}`,
    );
  });

  test('a plain-text server on this machine says off, one that others can reach warns', async () => {
    const local = await start();
    expect(startLine(local, 'TLS')).toBe('TLS            off');
    const users = folder.write('users.jsonl', '{"username": "siti", "password": "rahasia"}');
    const open = await start(['--users', users], { host: '0.0.0.0' });
    expect(startLine(open, 'TLS')).toMatch(/off: .*passwords.*--tls-cert.*--tls-self-signed/);
    await open.untilPrinted(/"level":40.*not encrypted/);
    const encrypted = await start(['--users', users, '--tls-self-signed'], { host: '0.0.0.0' });
    expect(encrypted.stderr).not.toContain('not encrypted');
    expect(local.stderr).not.toContain('not encrypted');
  });

  test('an expired certificate is served, with a warning', async () => {
    const { flags, fingerprint } = new CertificateFiles(folder, 'old', ['localhost'], new Date('2010-01-01'));
    const server = await start(flags);
    await server.untilPrinted(/"level":40.*expired/);
    expect(await shownBy(server.address)).toBe(fingerprint);
  });
});

describe('HUP', () => {
  test('new connections see the new certificate, old ones live on; a broken one changes nothing', async () => {
    const first = new CertificateFiles(folder, 'renewed');
    const server = await start(first.flags);
    const old = await LineSocket.connect({ ...server.address, encryption: first.trust });
    expect(await old.ask('ping')).toBe(pong);

    const second = new CertificateFiles(folder, 'renewed');
    expect(await shownBy(server.address)).toBe(first.fingerprint);
    server.signal('SIGHUP');
    await server.untilPrinted(new RegExp(`${second.fingerprint}.*certificate read again`));
    expect(await shownBy(server.address)).toBe(second.fingerprint);
    expect(await old.ask('ping')).toBe(pong);

    // The key of one, the certificate of another: as a renewal that is half done.
    writeFileSync(second.keyFile, first.key);
    server.signal('SIGHUP');
    await server.untilPrinted(/"level":50.*the certificate is as it was/);
    expect(server.stderr).toContain(second.keyFile);
    expect(await shownBy(server.address)).toBe(second.fingerprint);
    expect(await old.ask('ping')).toBe(pong);
    old.destroy();
  });

  test('the file may be another one, and whether TLS is spoken is not changed', async () => {
    const first = new CertificateFiles(folder, 'before');
    const second = new CertificateFiles(folder, 'after');
    const configuration = (...files: readonly [] | readonly [CertificateFiles]): string =>
      folder.write(
        'tls.json',
        JSON.stringify(
          files[0] === undefined ? {} : { 'tls-cert': files[0].certificateFile, 'tls-key': files[0].keyFile },
        ),
      );
    const server = await start(['--config', configuration(first)]);
    expect(await shownBy(server.address)).toBe(first.fingerprint);
    configuration(second);
    server.signal('SIGHUP');
    await server.untilPrinted(new RegExp(second.fingerprint));
    expect(await shownBy(server.address)).toBe(second.fingerprint);
    configuration();
    server.signal('SIGHUP');
    await server.untilPrinted(/a restart switches TLS on or off/);
    expect(await shownBy(server.address)).toBe(second.fingerprint);
  });

  test('a configuration that cannot be read does not keep the new certificate away', async () => {
    const first = new CertificateFiles(folder, 'beside-mistake');
    const server = await start(['--config', folder.write('mistaken.json', '{}'), ...first.flags]);
    folder.write('mistaken.json', '{"max-conections": 5}');
    const second = new CertificateFiles(folder, 'beside-mistake');
    server.signal('SIGHUP');
    await server.untilPrinted(new RegExp(`${second.fingerprint}.*certificate read again`));
    expect(server.stderr).toContain('the configuration is as it was');
    expect(await shownBy(server.address)).toBe(second.fingerprint);
  });

  test('a certificate in memory only stays the same', async () => {
    const server = await start(['--tls-self-signed']);
    const shown = await shownBy(server.address);
    server.signal('SIGHUP');
    await server.untilPrinted(/configuration read again/);
    expect(await shownBy(server.address)).toBe(shown);
  });
});

describe('--tls-self-signed', () => {
  test('makes key and certificate once, for their owner alone, and keeps them over restarts', async () => {
    const data = folder.file('data');
    const server = await start(['--tls-self-signed'], { data });
    const fingerprint = await shownBy(server.address);
    expect(startLine(server, 'Connect with')).toContain(`--tls --tls-fingerprint ${fingerprint} 127.0.0.1:`);
    for (const name of ['tls-key.pem', 'tls-cert.pem'])
      expect(statSync(path.join(data, name)).mode & 0o777).toBe(0o600);
    expect(statSync(data).mode & 0o777).toBe(0o700);
    const certificate = new X509Certificate(readFileSync(path.join(data, 'tls-cert.pem')));
    expect(certificate.fingerprint256).toBe(fingerprint);
    const client = await LineSocket.connect({
      ...server.address,
      encryption: { ca: certificate.toString() },
    });
    expect(await client.ask('ping')).toBe(pong);
    client.destroy();
    await server.stop();

    const again = await start(['--tls-self-signed'], { data });
    expect(await shownBy(again.address)).toBe(fingerprint);
  });

  test('what is missing is made again; what does not fit together is exit code 2', async () => {
    const data = folder.file('half');
    const server = await start(['--tls-self-signed'], { data });
    const fingerprint = await shownBy(server.address);
    await server.stop();
    const [keyFile, certificateFile] = [path.join(data, 'tls-key.pem'), path.join(data, 'tls-cert.pem')];
    writeFileSync(keyFile, new CertificateFiles(folder, 'stranger').key);
    const exit = await ServerProcess.run(['--data', data, '--port', '0', '--tls-self-signed']);
    expect(exit.stderr).toContain(keyFile);
    expect(exit.stderr).toContain(certificateFile);
    expect(exit.code).toBe(2);

    writeFileSync(certificateFile, '');
    chmodSync(certificateFile, 0o600);
    expect((await ServerProcess.run(['--data', data, '--port', '0', '--tls-self-signed'])).code).toBe(2);
    expect(existsSync(certificateFile)).toBe(true);
    expect(fingerprint).toMatch(/^[0-9A-F:]{95}$/);
  });

  test.each([
    ['tls-key.pem', 'tls-cert.pem'],
    ['tls-cert.pem', 'tls-key.pem'],
  ])('without %s it warns that the certificate is a new one, and keeps %s', async (missing, other) => {
    const data = folder.file('torn');
    const server = await start(['--tls-self-signed'], { data });
    const fingerprint = await shownBy(server.address);
    await server.stop();
    expect(server.stderr).not.toContain('a new certificate');
    const kept = readFileSync(path.join(data, other), 'utf8');
    rmSync(path.join(data, missing));

    const again = await start(['--tls-self-signed'], { data });
    await again.untilPrinted(/"level":40.*a new certificate is made.*Tell them the new fingerprint/);
    expect(again.stderr).toContain(path.join(data, missing));
    expect(await shownBy(again.address)).not.toBe(fingerprint);
    expect(readFileSync(path.join(data, `${other}.old`), 'utf8')).toBe(kept);
  });

  test('with --ephemeral nothing is written', async () => {
    const server = await start(['--tls-self-signed']);
    expect(startLine(server, 'Connect with')).toContain(await shownBy(server.address));
    expect(existsSync('chat-data')).toBe(false);
  });
});

describe('chat-server check', () => {
  test('reads the certificate too', async () => {
    const { flags, keyFile, certificateFile } = new CertificateFiles(folder, 'checked');
    const data = folder.file('nothing-yet');
    const fine = await ServerProcess.run(['--data', data, ...flags, 'check']);
    expect(fine.stdout).toMatch(/^Certificate {4}fine, valid until \d{4}-/m);
    expect(fine.code).toBe(0);
    writeFileSync(keyFile, new CertificateFiles(folder, 'other').key);
    const broken = await ServerProcess.run(['--data', data, ...flags, 'check']);
    expect(broken.stderr).toContain(certificateFile);
    expect(broken.code).toBe(2);
  });
});
