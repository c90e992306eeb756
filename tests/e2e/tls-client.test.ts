// Goal: chat-client, the library and chat-load know the server they talk to, and say clearly when it is not the one.
import { execFile } from 'node:child_process';
import path from 'node:path';
import { ChatConnection } from '../../client';
import { CertificateFiles } from '../support/certificate-files';
import { cleanUp } from '../support/clean-up';
import { ClientProcess, type Finished } from '../support/client-process';
import { compiledFolder } from '../support/compiled-folder';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

const conversation = 'auth messi surabaya\nping\n';

let folder: TemporaryFolder;
let certificate: CertificateFiles;
let other: CertificateFiles;
let server: ServerProcess;
let plain: ServerProcess;
let port: number;

beforeAll(async () => {
  folder = new TemporaryFolder();
  certificate = new CertificateFiles(folder, 'server');
  other = new CertificateFiles(folder, 'other');
  server = await ServerProcess.start(['--threads', '1', ...certificate.flags]);
  plain = await ServerProcess.start(['--threads', '1']);
  ({ port } = server.address);
});
afterAll(async () => {
  await server.stop();
  await plain.stop();
  folder.remove();
});

function connect(...args: readonly string[]): Promise<Finished> {
  return ClientProcess.run(['connect', ...args], conversation);
}

function load(...args: readonly string[]): Promise<Finished> {
  const file = path.join(compiledFolder, 'client', 'load', 'main.js');
  return new Promise((resolve) => {
    execFile(process.execPath, [file, ...args], (error, stdout, stderr) => {
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

describe('chat-client', () => {
  test('authorities in a file that is damaged are not passed over', async () => {
    const damaged = folder.write('damaged.pem', certificate.pem.replace(/\n.{9}/, '\n'));
    const cut = folder.write('cut.pem', certificate.pem.slice(0, -40));
    // As `cat` makes it of files without a last line end.
    const both = folder.write('both.pem', `${certificate.pem.trimEnd()}${other.pem}`);
    for (const file of [damaged, cut]) {
      const { code, stderr } = await connect('--tls-ca', file, `localhost:${port}`);
      expect(stderr).toContain('A certificate in it is damaged.');
      expect(code).toBe(2);
    }
    expect(await connect('--tls-ca', both, `localhost:${port}`)).toMatchObject({ code: 0, stderr: '' });
  });

  test('the line that the server prints is the one to type', async () => {
    const typed = /chat-client connect (.*)$/m.exec(server.stdout)![1]!.split(' ');
    const { code, stdout, stderr } = await connect(...typed);
    expect(stdout).toMatch(/^username messi logged in, token [0-9a-f-]{36}\npong\n$/);
    expect(stderr).toBe('');
    expect(code).toBe(0);
  });

  test('a fingerprint is taken with colons or without, in either case, whatever name is connected to', async () => {
    const { fingerprint } = certificate;
    for (const written of [fingerprint, fingerprint.replaceAll(':', ''), fingerprint.toLowerCase()])
      expect((await connect('--tls', '--tls-fingerprint', written, `127.0.0.1:${port}`)).code).toBe(0);
  });

  test('--tls-ca trusts what stands in the file, for the names it is for', async () => {
    const flags = ['--tls', '--tls-ca', certificate.certificateFile];
    expect((await connect(...flags, `localhost:${port}`)).code).toBe(0);
    expect((await connect(...flags, `127.0.0.1:${port}`)).code).toBe(0);
    const named = new CertificateFiles(folder, 'named', ['chat.example.org']);
    const elsewhere = await ServerProcess.start(['--threads', '1', ...named.flags]);
    const { code, stdout, stderr } = await connect(
      '--tls-ca',
      named.certificateFile,
      `127.0.0.1:${elsewhere.address.port}`,
    );
    expect(stderr).toContain('its certificate is not for 127.0.0.1, but for DNS:chat.example.org');
    expect(stdout).toBe('');
    expect(code).toBe(1);
    await elsewhere.stop();
  });

  test('a certificate that nobody trusted has signed: the fingerprint that was seen, and what to type', async () => {
    for (const flags of [['--tls'], ['--tls-ca', other.certificateFile]]) {
      const { code, stdout, stderr } = await connect(...flags, `127.0.0.1:${port}`);
      expect(stderr).toContain('signed by nobody this client trusts');
      expect(stderr).toContain(
        `chat-client connect --tls --tls-fingerprint ${certificate.fingerprint} 127.0.0.1:${port}`,
      );
      expect(stdout).toBe('');
      expect(code).toBe(1);
    }
  });

  test('an expired certificate is refused, and taken by its fingerprint', async () => {
    const expired = new CertificateFiles(folder, 'expired', ['127.0.0.1'], new Date('2010-01-01'));
    const outdated = await ServerProcess.start(['--threads', '1', ...expired.flags]);
    const place = `127.0.0.1:${outdated.address.port}`;
    expect((await connect('--tls-ca', expired.certificateFile, place)).stderr).toMatch(
      /has expired \(.*2020/,
    );
    expect((await connect('--tls-fingerprint', expired.fingerprint, place)).code).toBe(0);
    await outdated.stop();
  });

  test('another certificate than the one named is refused loudly: both fingerprints, nothing sent', async () => {
    const { code, stdout, stderr } = await connect(
      '--tls-fingerprint',
      other.fingerprint,
      `127.0.0.1:${port}`,
    );
    expect(stderr).toMatch(/REFUSED/);
    expect(stderr).toContain(`expected ${other.fingerprint}, seen ${certificate.fingerprint}`);
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  test('with --tls to a plain-text port, and without to a TLS port: what it is, and what to type', async () => {
    const toPlain = await connect('--tls', `127.0.0.1:${plain.address.port}`);
    expect(toPlain.stderr).toMatch(/does not speak TLS.*chat-client connect 127\.0\.0\.1:\d+$/m);
    expect(toPlain.code).toBe(1);
    const toTls = await connect(`127.0.0.1:${port}`);
    expect(toTls.stdout).toBe(
      `Error, This port speaks TLS. Try: chat-client connect --tls 127.0.0.1:${port}\n`,
    );
    expect(toTls.code).toBe(1);
  });

  test('a lost connection: the line to type has its flags', async () => {
    const short = await ServerProcess.start(['--threads', '1', ...certificate.flags]);
    const place = `127.0.0.1:${short.address.port}`;
    const client = ClientProcess.start('connect', '--tls-fingerprint', certificate.fingerprint, place);
    await client.enter('ping');
    await short.stop();
    expect((await client.finished()).stderr).toContain(
      `chat-client connect --tls --tls-fingerprint ${certificate.fingerprint} ${place}`,
    );
  });

  test.each([
    ['--tls-fingerprint', 'AB:CD'],
    ['--tls-ca', '/nonexistent.pem'],
    ['--tls-ca', __filename.replace(/[^/]+$/, 'tls-client.test.ts'), '--tls-fingerprint', '00'.repeat(32)],
  ])('bad usage is exit code 2: %j', async (...flags) => {
    expect((await connect(...flags, '127.0.0.1:1')).code).toBe(2);
  });
});

describe('the library', () => {
  test('connects with what it trusts, and tells what it saw when that is not it', async () => {
    const chat = await ChatConnection.connect('127.0.0.1', port, { tls: { ca: certificate.pem } });
    expect(await chat.auth('messi', 'surabaya')).toMatch(/^[0-9a-f-]{36}$/);
    await chat.close();
    const { fingerprint } = certificate;
    const pinned = await ChatConnection.connect('127.0.0.1', port, { tls: { fingerprint } });
    await pinned.ping();
    await pinned.close();
    await expect(ChatConnection.connect('127.0.0.1', port, { tls: {} })).rejects.toMatchObject({
      code: 'CERTIFICATE_UNTRUSTED',
      members: { fingerprint },
    });
    await expect(
      ChatConnection.connect('127.0.0.1', port, { tls: { fingerprint: other.fingerprint } }),
    ).rejects.toMatchObject({ code: 'CERTIFICATE_CHANGED', members: { fingerprint } });
    await expect(ChatConnection.connect('127.0.0.1', plain.address.port, { tls: {} })).rejects.toMatchObject({
      code: 'TLS_NOT_SPOKEN',
    });
  });

  test('the name may be another one than the one connected to', async () => {
    const tls = { ca: certificate.pem, serverName: 'localhost' };
    await (await ChatConnection.connect('127.0.0.1', port, { tls })).close();
    await expect(
      ChatConnection.connect('127.0.0.1', port, { tls: { ...tls, serverName: 'chat.example.org' } }),
    ).rejects.toMatchObject({ code: 'CERTIFICATE_UNTRUSTED' });
  });

  test('a malformed fingerprint fits no certificate', async () => {
    for (const fingerprint of [
      '',
      'none',
      certificate.fingerprint.slice(0, -1),
      `${certificate.fingerprint}:00`,
    ])
      await expect(ChatConnection.connect('127.0.0.1', port, { tls: { fingerprint } })).rejects.toMatchObject(
        { code: 'CERTIFICATE_CHANGED' },
      );
  });
});

describe('chat-load', () => {
  test.each(['chat', 'churn'])('%s over TLS: no error', async (workload) => {
    const flags = ['--tls-ca', certificate.certificateFile, '--workload', workload, '--requests', '200'];
    const { code, stdout } = await load(...flags, '--connections', '4', `localhost:${port}`);
    expect(stdout).toMatch(/errors +none/);
    expect(code).toBe(0);
  });

  test('in threads of its own too', async () => {
    const flags = [
      '--tls-fingerprint',
      certificate.fingerprint,
      '--generator-threads',
      '2',
      '--requests',
      '200',
    ];
    expect((await load(...flags, '--connections', '4', `127.0.0.1:${port}`)).code).toBe(0);
  });

  test('a server that is not the one, and ports that speak something else', async () => {
    expect((await load('--tls', `127.0.0.1:${port}`)).stderr).toMatch(/not trusted/);
    const pinned = ['--tls-fingerprint', other.fingerprint, `127.0.0.1:${port}`];
    expect((await load(...pinned)).stderr).toMatch(/another certificate/);
    expect((await load('--tls', `127.0.0.1:${plain.address.port}`)).stderr).toMatch(/does not speak TLS/);
    expect((await load(`127.0.0.1:${port}`)).stderr).toMatch(/saying: This port speaks TLS/);
  });
});
