// Goal: what is written to a socket past Node's streams arrives whole and in order, is counted while it waits, and ends
// with its socket; on real sockets whose other side reads late, never, or goes away.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import * as tls from 'node:tls';
import { SocketWriter } from '../../shared/sockets/socket-writer';
import { createSelfSignedCertificate } from '../../server/tls/self-signed-certificate';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const certificate = createSelfSignedCertificate(['127.0.0.1'], new Date());
/** More than the kernel keeps for a socket of this machine. */
const plentyBytes = 16 * 1024 * 1024;
const textBytes = 50_000;

interface Pair {
  readonly accepted: Socket;
  readonly client: Socket;
}

async function plainPair(): Promise<Pair> {
  const server = createServer({ allowHalfOpen: true });
  return pairOf(server, 'connection', (port) => connect(port, '127.0.0.1'));
}

async function encryptedPair(): Promise<Pair> {
  const server = tls.createServer({ cert: certificate.certificate, key: certificate.key });
  return pairOf(server, 'secureConnection', (port) =>
    tls.connect({ port, host: '127.0.0.1', ca: certificate.certificate }),
  );
}

async function pairOf(server: Server, event: string, open: (port: number) => Socket): Promise<Pair> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepting = once(server, event) as Promise<[Socket]>;
  const client = open((server.address() as AddressInfo).port);
  const [accepted] = await accepting;
  for (const socket of [accepted, client]) socket.on('error', () => undefined);
  closers.push(() => {
    accepted.destroy();
    client.destroy();
    server.close();
  });
  return { accepted, client };
}

/** The text with a number, recognisable in the midst of others. */
function textOf(number: number): string {
  return `${number}:`.padEnd(textBytes - 1, 'x') + '\n';
}

/** Writes until the kernel takes no more, and says how many texts that were. */
function fill(writer: SocketWriter): number {
  let count = 0;
  while (writer.queuedBytes === 0) {
    if (count * textBytes > plentyBytes)
      throw new Error('the kernel takes everything, or the socket is closed');
    writer.write(textOf(count));
    count += 1;
  }
  return count;
}

describe.each([
  ['plain', plainPair],
  ['encrypted', encryptedPair],
])('%s', (_, open) => {
  test('a client that reads late gets everything in order, and the writer hears that it has', async () => {
    const { accepted, client } = await open();
    let drainedCount = 0;
    const drained = new Promise<void>((resolve) => {
      const writer = new SocketWriter(accepted, () => {
        drainedCount += 1;
        if (writer.queuedBytes === 0) resolve();
      });
      let count = 0;
      for (; count * textBytes < plentyBytes; count += 1) writer.write(textOf(count));
      expect(writer.queuedBytes).toBeGreaterThan(plentyBytes / 4);
      expect(writer.queuedBytes).toBeLessThanOrEqual(plentyBytes + textBytes);
    });
    const received: Buffer[] = [];
    client.on('data', (chunk: Buffer) => received.push(chunk));
    await drained;
    expect(drainedCount).toBeGreaterThan(0);
    accepted.end();
    await once(client, 'end');
    const lines = Buffer.concat(received).toString('latin1').split('\n');
    expect(lines.pop()).toBe('');
    expect(lines).toHaveLength(Math.ceil(plentyBytes / textBytes));
    lines.forEach((line, number) => {
      expect(`${line}\n`).toBe(textOf(number));
    });
  });

  test('what waits when the socket is ended still goes out, and nothing after it', async () => {
    const { accepted, client } = await open();
    const writer = new SocketWriter(accepted, () => undefined);
    const count = fill(writer);
    accepted.end();
    writer.write('after the end');
    let receivedBytes = 0;
    client.on('data', (chunk: Buffer) => (receivedBytes += chunk.length));
    await once(client, 'end');
    expect(receivedBytes).toBe(count * textBytes);
  });

  test('writing to a socket that was destroyed does nothing', async () => {
    const { accepted, client } = await open();
    const writer = new SocketWriter(accepted, () => undefined);
    const bytes: Buffer[] = [];
    client.on('data', (chunk: Buffer) => bytes.push(chunk));
    accepted.destroy();
    writer.write('too late');
    await once(client, 'close');
    expect(Buffer.concat(bytes).toString()).toBe('');
  });

  test('a client that is gone ends the socket, with what waits', async () => {
    const { accepted, client } = await open();
    const writer = new SocketWriter(accepted, () => undefined);
    fill(writer);
    const closed = new Promise((resolve) => accepted.on('close', resolve));
    client.destroy();
    await closed;
    writer.write('too late');
    expect(accepted.destroyed).toBe(true);
  });
});

test('a plain socket is written to past its stream: this version of Node has what that takes', async () => {
  const { accepted } = await plainPair();
  const writer = new SocketWriter(accepted, () => undefined);
  fill(writer);
  expect(accepted.writableLength).toBe(0);
});
