// Goal: with TLS, connections are bounded by address before they cost a handshake, and a PROXY header comes before TLS.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import tls from 'node:tls';
import { ChatConnection } from '../../client';
import { CertificateFiles } from '../support/certificate-files';
import { cleanUp } from '../support/clean-up';
import { captureClientHello } from '../support/client-hello';
import { LineSocket } from '../support/line-socket';
import { proxyHeader1, proxyHeader2 } from '../support/proxy-headers';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

const pong = '{"status": "OK", "message": "pong"}\r\n\r\n';
const accessDenied = '15030300020231';

let folder: TemporaryFolder;
let certificate: CertificateFiles;

beforeAll(() => {
  folder = new TemporaryFolder();
  certificate = new CertificateFiles(folder, 'server');
});
afterAll(() => {
  folder.remove();
});

test('one connection too many from an address is turned away, in words its TLS understands', async () => {
  const server = await ServerProcess.start([
    ...['--threads', '1', '--limit-loopback', '--max-connections-per-address', '2', ...certificate.flags],
  ]);
  const { host, port } = server.address;
  const address = { host, port, encryption: certificate.trust };
  const first = await LineSocket.connect(address);
  // A handshake that is not complete counts too.
  const second = await LineSocket.connect(server.address);
  second.write(Buffer.of(0x16));
  expect(await first.ask('ping')).toBe(pong);
  await expect(LineSocket.connect(address)).rejects.toMatchObject({
    code: 'ERR_SSL_TLSV1_ALERT_ACCESS_DENIED',
  });
  await expect(ChatConnection.connect(host, port, { tls: { ca: certificate.pem } })).rejects.toMatchObject({
    code: 'RATE_LIMITED',
  });
  const elsewhere = await LineSocket.connect(address, { localAddress: '127.0.0.3' });
  expect(await elsewhere.ask('ping')).toBe(pong);
  for (const client of [first, second, elsewhere]) client.destroy();
  await server.stop();
});

describe('behind a proxy that speaks the PROXY protocol', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start([
      ...['--threads', '1', '--proxy-from', '127.0.0.2', '--max-connections-per-address', '1'],
      ...certificate.flags,
    ]);
  });
  afterAll(async () => {
    await server.stop();
  });

  async function throughProxy(firstBytes: Uint8Array): Promise<Socket> {
    const socket = connect({ ...server.address, localAddress: '127.0.0.2' });
    await once(socket, 'connect');
    socket.write(firstBytes);
    return socket;
  }

  async function firstByte(socket: Socket): Promise<number> {
    const [bytes] = (await once(socket, 'data')) as [Buffer];
    return bytes[0]!;
  }

  test.each([
    ['version 1', (host: number) => Buffer.from(proxyHeader1(`203.0.113.${host}`))],
    ['version 2', (host: number) => proxyHeader2({ source: [203, 0, 114, host] })],
  ])(
    'the header may be alone, or have the ClientHello or a part of it behind it: %s',
    async (_name, headerOf) => {
      const hello = await captureClientHello();
      for (const [index, cut] of [0, 1, 100, hello.length].entries()) {
        const header = headerOf(10 + index);
        const socket = await throughProxy(Buffer.concat([header, hello.subarray(0, cut)]));
        socket.write(hello.subarray(cut));
        // The record of a ServerHello.
        expect(await firstByte(socket)).toBe(0x16);
        socket.destroy();
      }
      const socket = tls.connect({
        socket: await throughProxy(headerOf(20)),
        ...certificate.trust,
        servername: 'localhost',
      });
      socket.write('ping\n');
      const [reply] = (await once(socket, 'data')) as [Buffer];
      expect(reply.toString()).toBe(pong);
      socket.destroy();
    },
  );

  test('limits go by the address in the header', async () => {
    const header = Buffer.from(proxyHeader1('203.0.113.2'));
    const socket = tls.connect({
      socket: await throughProxy(header),
      ...certificate.trust,
      servername: 'localhost',
    });
    await once(socket, 'secureConnect');
    const surplus = await throughProxy(header);
    const [bytes] = (await once(surplus, 'data')) as [Buffer];
    expect(bytes.toString('hex')).toBe(accessDenied);
    const other = await throughProxy(
      Buffer.concat([Buffer.from(proxyHeader1('203.0.113.3')), Buffer.from('ping\n')]),
    );
    const [line] = (await once(other, 'data')) as [Buffer];
    expect(line.toString()).toContain('This port speaks TLS');
    for (const open of [socket, surplus, other]) open.destroy();
  });
});
