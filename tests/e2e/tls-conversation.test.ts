// Goal: over TLS everything is as it is over plain text; who comes without TLS, or with an old one, is told or refused.
import type { TLSSocket } from 'node:tls';
import tls from 'node:tls';
import * as replies from '../conformance/replies';
import { CertificateFiles } from '../support/certificate-files';
import { cleanUp } from '../support/clean-up';
import { LineSocket, type Address } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TamperingProxy } from '../support/tampering-proxy';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

const mebibyte = 1_048_576;
const pong = '{"status": "OK", "message": "pong"}\r\n\r\n';

let folder: TemporaryFolder;
let certificate: CertificateFiles;
let server: ServerProcess;
let address: Address;

beforeAll(async () => {
  folder = new TemporaryFolder();
  certificate = new CertificateFiles(folder, 'server');
  server = await ServerProcess.start(['--threads', '2', ...certificate.flags]);
  address = { ...server.address, encryption: certificate.trust };
});
afterAll(async () => {
  await server.stop();
  folder.remove();
});

/** The version that both sides agree on, or the code of the error that the handshake ends with. */
function handshake(options: tls.ConnectionOptions): Promise<string> {
  return new Promise((resolve) => {
    const socket: TLSSocket = tls.connect({ ...server.address, ...certificate.trust, ...options });
    socket.once('secureConnect', () => {
      resolve(socket.getProtocol() ?? 'none');
      socket.destroy();
    });
    socket.once('error', (error: NodeJS.ErrnoException) => {
      resolve(error.code ?? error.message);
    });
  });
}

describe('the handshake', () => {
  test('TLS 1.3 and 1.2 are spoken, with names and with addresses', async () => {
    expect(await handshake({})).toBe('TLSv1.3');
    expect(await handshake({ servername: 'localhost' })).toBe('TLSv1.3');
    expect(await handshake({ maxVersion: 'TLSv1.2' })).toBe('TLSv1.2');
  });

  test('older versions are refused by the server, though the client would take them', async () => {
    // The client's own security level would keep it from offering them at all.
    const ciphers = 'DEFAULT@SECLEVEL=0';
    for (const version of ['TLSv1.1', 'TLSv1'] as const) {
      expect(await handshake({ minVersion: version, maxVersion: version, ciphers })).toBe(
        'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
      );
    }
  });

  test('one that was garbled is refused, and others go on', async () => {
    const garbled = await LineSocket.connect(server.address);
    garbled.write(Buffer.from('160301000501000001ff', 'hex'));
    await garbled.untilOver();
    garbled.destroy();
    expect(await handshake({})).toBe('TLSv1.3');
  });

  test('a TLS 1.2 client cannot make it do another handshake on a connection', async () => {
    const socket = tls.connect({ ...server.address, ...certificate.trust, maxVersion: 'TLSv1.2' });
    await new Promise((resolve) => socket.once('secureConnect', resolve));
    const outcome = await new Promise<unknown>((resolve) => {
      socket.once('error', (error: NodeJS.ErrnoException) => {
        resolve(error.code);
      });
      socket.renegotiate({}, resolve);
    });
    expect(outcome).toBe('ERR_SSL_NO_RENEGOTIATION');
    socket.destroy();
  });
});

describe('a conversation', () => {
  test('logging in, sending, reading, logging out', async () => {
    const messi = await LineSocket.connect(address);
    const henderson = await LineSocket.connect(address);
    const sender = replies.tokenReply.exec(await messi.ask('auth messi surabaya'))![1]!;
    const reader = replies.tokenReply.exec(await henderson.ask('auth henderson surabaya'))![1]!;
    expect(await messi.ask(`send ${sender} henderson halo é 😀`)).toBe(replies.messageSent);
    expect(await henderson.ask(`inbox ${reader}`)).toBe(
      '{"status": "OK", "messages": {"messi": [{"msg_from": "Lionel Messi", ' +
        '"msg_to": "Jordan Henderson", "msg": "halo \\u00e9 \\ud83d\\ude00"}]}}\r\n\r\n',
    );
    expect(await messi.ask(`activeuser ${sender}`)).toContain('messi, henderson, ');
    expect(await messi.ask(`logout ${sender}`)).toBe(replies.loggedOut);
    expect(await messi.ask(`inbox ${sender}`)).toBe(replies.badSession);
    messi.destroy();
    henderson.destroy();
  });

  test('a thousand requests in one write, a request byte by byte, and lines across records', async () => {
    const client = await LineSocket.connect(address);
    client.write('ping\nnosuch\n'.repeat(500));
    const frames = await client.frames(1_000);
    expect(frames.filter((frame, index) => frame !== (index % 2 === 0 ? pong : replies.badCommand))).toEqual(
      [],
    );
    await client.writeByteByByte('ping\n');
    expect(await client.frame()).toBe(pong);
    // A TLS record holds 16 KiB at most.
    client.write(`${'x'.repeat(8_000)}\n`.repeat(10) + 'ping\n');
    expect((await client.frames(11)).at(-1)).toBe(pong);
    client.destroy();
  });

  test('a request that comes along with the end of the handshake is answered', async () => {
    const early = tls.connect({ ...server.address, ...certificate.trust });
    // Written before the handshake is complete, hence sent in the same flight as its end.
    early.write('ping\n');
    const received = await new Promise((resolve) => early.once('data', resolve));
    expect(String(received)).toBe(pong);
    early.destroy();
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a client that half-closes gets its last replies, then the end (%s)',
    async (maxVersion) => {
      const client = await LineSocket.connect({
        ...address,
        encryption: { ...certificate.trust, maxVersion },
      });
      // Hashing a password takes long enough for the end to be there first.
      client.write('auth messi salah\nping\n');
      client.end();
      expect(await client.rest()).toBe(replies.wrongPassword + pong);
      client.destroy();
    },
  );

  test('HTTP gets the line that it gets in plain text, and how to come back', async () => {
    const client = await LineSocket.connect(address);
    client.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
    const { port } = server.address;
    expect(await client.rest()).toMatch(
      new RegExp(
        `^\\{"status": "ERROR", "message": ".*not HTTP.*connect --tls 127\\.0\\.0\\.1:${port}", .*\\}`,
      ),
    );
    client.destroy();
  });
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)(
  'a record that somebody on the way has made up ends the connection (%s)',
  async (maxVersion) => {
    const madeUp = ['170303001000000000000000000000000000000000', '00112233', '15030300020100'];
    for (const record of madeUp) {
      const proxy = await TamperingProxy.start(server.address);
      const client = await LineSocket.connect({
        ...proxy.address,
        encryption: { ...certificate.trust, maxVersion },
      });
      expect(await client.ask('ping')).toBe(pong);
      proxy.inject(Buffer.from(record.padEnd(44, '0'), 'hex'));
      await proxy.endedByServer;
      client.destroy();
      proxy.stop();
    }
  },
);

describe('a plain-text client on the TLS port', () => {
  const line =
    /^\{"status": "ERROR", "message": "This port speaks TLS\. Try: chat-client connect --tls 127\.0\.0\.1:\d+", "code": "BAD_REQUEST"\}\r\n\r\n$/;

  test.each(['auth messi surabaya\r\n', 'p', 'GET / HTTP/1.1\r\n\r\n', '\n', '\0'])(
    'is told what the port speaks, in plain text, once, then cut off: %j',
    async (bytes) => {
      const client = await LineSocket.connect(server.address);
      client.write(bytes);
      expect(await client.rest()).toMatch(line);
      client.destroy();
    },
  );

  test('what it goes on writing costs nothing', async () => {
    const client = await LineSocket.connect(server.address);
    client.write(Buffer.alloc(mebibyte, 'ping\n'));
    await client.untilOver();
    client.destroy();
    expect(await handshake({})).toBe('TLSv1.3');
  });

  test('one that leaves without a word is forgotten', async () => {
    const client = await LineSocket.connect(server.address);
    client.end();
    expect(await client.rest()).toBe('');
    client.destroy();
  });
});

test('a client that does not read is no longer read from, and costs bounded memory', async () => {
  const other = await LineSocket.connect(address);
  expect(await other.ask('ping')).toBe(pong);
  const residentBefore = server.residentBytes;
  const deaf = await LineSocket.connect(address, { reading: false });
  const piece = Buffer.from('help\n'.repeat(13_000));
  let isBlocked = false;
  for (let written = 0; written < 256 * mebibyte && !isBlocked; written += piece.length) {
    deaf.write(piece);
    // A write that stays while another client gets 1,000 replies.
    for (let pings = 0; pings < 1_000 && deaf.unsentBytes > 0; pings += 1) await other.ask('ping');
    isBlocked = deaf.unsentBytes > 0;
  }
  expect(isBlocked).toBe(true);
  expect(server.residentBytes - residentBefore).toBeLessThan(96 * mebibyte);
  deaf.destroy();
  other.destroy();
});

test('TERM: what was read is answered, open handshakes do not hold it up, exit code 0', async () => {
  const stopping = await ServerProcess.start(['--threads', '1', ...certificate.flags]);
  const client = await LineSocket.connect({ ...stopping.address, encryption: certificate.trust });
  const halfway = await LineSocket.connect(stopping.address);
  halfway.write(Buffer.of(0x16));
  client.write('ping\nauth messi salah\nping\n');
  expect(await client.frame()).toBe(pong);
  const beforeMs = performance.now();
  stopping.signal('SIGTERM');
  expect(await client.rest()).toBe(replies.wrongPassword + pong);
  await halfway.untilOver();
  client.destroy();
  halfway.destroy();
  expect(await stopping.exited).toMatchObject({ code: 0, signal: null });
  expect(performance.now() - beforeMs).toBeLessThan(4_000);
});

test('as many connections as allowed: one more is told BUSY, through TLS', async () => {
  const small = await ServerProcess.start(['--threads', '1', '--max-connections', '1', ...certificate.flags]);
  const place = { ...small.address, encryption: certificate.trust };
  const first = await LineSocket.connect(place);
  expect(await first.ask('ping')).toBe(pong);
  const second = await LineSocket.connect(place);
  expect(await second.rest()).toContain('"code": "BUSY"');
  expect(await first.ask('ping')).toBe(pong);
  for (const client of [first, second]) client.destroy();
  await small.stop();
});
