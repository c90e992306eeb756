// Goal: handshakes that are begun and left lying are cut in time, cost bounded memory, and keep nobody else out.
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { CertificateFiles } from '../support/certificate-files';
import { cleanUp } from '../support/clean-up';
import { captureClientHello } from '../support/client-hello';
import { LineSocket, type Address } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

const mebibyte = 1_048_576;
const handshakeTimeoutMs = 10_000;
/** On a machine that has other things to do. */
const servedMsMax = 5_000;
jest.setTimeout(90_000);
const pong = '{"status": "OK", "message": "pong"}\r\n\r\n';

let folder: TemporaryFolder;
let certificate: CertificateFiles;
let server: ServerProcess;

beforeEach(async () => {
  folder = new TemporaryFolder();
  certificate = new CertificateFiles(folder, 'server');
  server = await ServerProcess.start(['--threads', '1', ...certificate.flags]);
});
afterEach(async () => {
  await server.stop();
  folder.remove();
});

/** A connection that sends these bytes and nothing more. */
class HalfOpen {
  private readonly socket: Socket;
  readonly closed: Promise<number>;
  /** The server has answered with its own part of the handshake. */
  readonly answered: Promise<void>;

  constructor({ host, port }: Address, bytes: Uint8Array) {
    this.socket = connect({ host, port });
    this.socket.on('error', () => this.socket.destroy());
    this.closed = new Promise((resolve) =>
      this.socket.once('close', () => {
        resolve(performance.now());
      }),
    );
    this.answered = new Promise((resolve) => {
      this.socket.once('data', () => {
        resolve();
      });
    });
    this.socket.write(bytes);
  }

  destroy(): void {
    this.socket.destroy();
  }
}

async function ask(): Promise<number> {
  const beforeMs = performance.now();
  const client = await LineSocket.connect({ ...server.address, encryption: certificate.trust });
  expect(await client.ask('ping')).toBe(pong);
  client.destroy();
  return performance.now() - beforeMs;
}

test('1,000 of them: others are served meanwhile, memory is bounded, and all are cut after 10 s', async () => {
  const hello = await captureClientHello();
  await ask();
  const residentBefore = server.residentBytes;
  const halfOpen = Array.from({ length: 1_000 }, () => new HalfOpen(server.address, hello));
  await Promise.all(halfOpen.map((client) => client.answered));
  // To answer them all takes seconds on a slow machine; the time of each began before that.
  const answeredMs = performance.now();
  expect(server.residentBytes - residentBefore).toBeLessThan(100 * mebibyte);
  expect(await ask()).toBeLessThan(servedMsMax);
  const closedMs = await Promise.all(halfOpen.map((client) => client.closed));
  expect(Math.max(...closedMs) - answeredMs).toBeLessThan(handshakeTimeoutMs + 5_000);
  // The second thousand use what the first have given back.
  const residentBetween = server.residentBytes;
  const more = Array.from({ length: 1_000 }, () => new HalfOpen(server.address, hello));
  await Promise.all(more.map((client) => client.answered));
  expect(server.residentBytes - residentBetween).toBeLessThan(32 * mebibyte);
  for (const client of more) client.destroy();
  expect(await ask()).toBeLessThan(servedMsMax);
});

test('no byte, a thousand halves of a ClientHello, a whole one, one byte a second: none is waited for longer than 10 s', async () => {
  const hello = await captureClientHello();
  await ask();
  const residentBefore = server.residentBytes;
  const startMs = performance.now();
  const halves = Array.from({ length: 1_000 }, () => hello.subarray(0, 100));
  const pieces = [hello.subarray(0, 1), ...halves, hello];
  const clients = pieces.map((bytes) => new HalfOpen(server.address, bytes));
  await clients.at(-1)!.answered;
  expect(await ask()).toBeLessThan(servedMsMax);
  // A handshake that has not begun costs no more than its socket, which is given back.
  expect(server.residentBytes - residentBefore).toBeLessThan(32 * mebibyte);
  const silent = await LineSocket.connect(server.address);
  const slow = await LineSocket.connect(server.address);
  const acceptedMs = performance.now();
  let sent = 0;
  const timer = setInterval(() => {
    slow.write(hello.subarray(sent, sent + 1));
    sent += 1;
  }, 1_000);
  await slow.untilOver(handshakeTimeoutMs + 5_000);
  clearInterval(timer);
  // Who has said nothing may be a person who came without TLS.
  expect(await silent.rest()).toContain('This port speaks TLS');
  for (const closed of [...clients.map((client) => client.closed), performance.now()]) {
    const closedMs = await closed;
    expect(closedMs - startMs).toBeGreaterThan(handshakeTimeoutMs - 1_000);
    expect(closedMs - acceptedMs).toBeLessThan(handshakeTimeoutMs + 5_000);
  }
  expect(server.residentBytes - residentBefore).toBeLessThan(16 * mebibyte);
  slow.destroy();
  silent.destroy();
});

test('a ClientHello that comes in pieces is put together', async () => {
  const pieces: Buffer[] = [];
  const relay = createServer((client) => {
    const { host, port } = server.address;
    const upstream = connect({ host, port, noDelay: true });
    upstream.pipe(client);
    client.once('data', (hello: Buffer) => {
      client.pause();
      pieces.push(hello.subarray(0, 1), hello.subarray(1, 4), hello.subarray(4, 200), hello.subarray(200));
      void (async () => {
        for (const piece of pieces) {
          upstream.write(piece);
          // The server has served somebody else meanwhile, so it has seen the piece by itself.
          await ask();
        }
        client.pipe(upstream);
      })();
    });
    for (const socket of [client, upstream]) socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const { port } = relay.address() as AddressInfo;
  const client = await LineSocket.connect({ host: '127.0.0.1', port, encryption: certificate.trust });
  expect(await client.ask('ping')).toBe(pong);
  expect(pieces).toHaveLength(4);
  client.destroy();
  relay.close();
});

test('clients that all come at once are all served', async () => {
  const clients = await Promise.all(
    Array.from({ length: 600 }, () =>
      LineSocket.connect({ ...server.address, encryption: certificate.trust }),
    ),
  );
  for (const client of clients) client.write('ping\n');
  for (const client of clients) {
    expect(await client.frame()).toBe(pong);
    client.destroy();
  }
});
