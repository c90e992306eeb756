// Goal: connections are bounded by address, and a trusted proxy says whose they are; nobody else can.
import { connect } from 'node:net';
import * as replies from '../conformance/replies';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { proxyHeader1, proxyHeader2 } from '../support/proxy-headers';
import { rateLimited } from '../support/rate-limited';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const pong = '{"status": "OK", "message": "pong"}\r\n\r\n';

describe('--max-connections-per-address', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start([
      '--threads',
      '1',
      '--limit-loopback',
      '--max-connections-per-address',
      '2',
    ]);
  });
  afterAll(async () => {
    await server.stop();
  });

  test('one too many is told and closed, another address is served, and a place comes free', async () => {
    const clients = [];
    for (const localAddress of ['127.0.0.2', '127.0.0.2', '127.0.0.3']) {
      const client = await LineSocket.connect(server.address, { localAddress });
      expect(await client.ask('ping')).toBe(pong);
      clients.push(client);
    }
    for (let count = 0; count < 5; count += 1) {
      const surplus = await LineSocket.connect(server.address, { localAddress: '127.0.0.2' });
      expect(await surplus.rest()).toMatch(rateLimited);
      surplus.destroy();
    }
    await server.untilPrinted(/its address has as many as allowed/);
    expect(server.stderr.match(/its address has as many as allowed/g)).toHaveLength(1);
    clients[0]!.end();
    await clients[0]!.rest();
    const deadlineMs = Date.now() + 5_000;
    for (let reply = ''; reply !== pong;) {
      const next = await LineSocket.connect(server.address, { localAddress: '127.0.0.2' });
      next.write('ping\n');
      reply = await next.frame();
      next.destroy();
      if (Date.now() > deadlineMs) throw new Error('no place came free');
    }
    for (const client of clients) client.destroy();
  });
});

describe('--proxy-from', () => {
  let server: ServerProcess;

  beforeAll(async () => {
    server = await ServerProcess.start([
      ...['--threads', '1', '--proxy-from', '127.0.0.2,127.0.0.4/31'],
      ...['--max-connections-per-address', '2', '--log-level', 'info'],
    ]);
  });
  afterAll(async () => {
    await server.stop();
  });

  function from(localAddress: string): Promise<LineSocket> {
    return LineSocket.connect(server.address, { localAddress });
  }

  test.each([
    ['version 1', Buffer.from(proxyHeader1('203.0.113.1'))],
    ['version 2', proxyHeader2({ source: [203, 0, 113, 1] })],
    ['version 2 with more in it', proxyHeader2({ source: [203, 0, 113, 1], extraBytes: 200 })],
  ])('requests come right behind the header, or later, wherever it is cut: %s', async (_name, header) => {
    for (const cut of [0, 1, 5, 11, 13, 16, 20, header.length - 1, header.length]) {
      const client = await from('127.0.0.2');
      const bytes = Buffer.concat([header, Buffer.from('ping\nping\npi')]);
      await client.writeFlushed(bytes.subarray(0, cut));
      client.write(bytes.subarray(cut));
      expect(await client.frames(2)).toEqual([pong, pong]);
      client.write('ng\n');
      expect(await client.frame()).toBe(pong);
      client.end();
      expect(await client.rest()).toBe('');
    }
  });

  test('limits go by the address in the header', async () => {
    const ofOne = [];
    for (let count = 0; count < 2; count += 1) {
      const client = await from('127.0.0.2');
      client.write(`${proxyHeader1('203.0.113.2')}ping\n`);
      expect(await client.frame()).toBe(pong);
      ofOne.push(client);
    }
    const surplus = await from('127.0.0.5');
    surplus.write(proxyHeader2({ source: [203, 0, 113, 2] }));
    expect(await surplus.rest()).toMatch(rateLimited);
    const other = await from('127.0.0.2');
    other.write(`${proxyHeader1('203.0.113.3')}ping\n`);
    expect(await other.frame()).toBe(pong);
    await server.untilPrinted(/"address":"203\.0\.113\.2"/);
    for (const client of [...ofOne, surplus, other]) client.destroy();
  });

  test('failed logins are counted by the address in the header', async () => {
    const client = await from('127.0.0.2');
    client.write(proxyHeader1('203.0.113.4') + 'auth messi salah\n'.repeat(6));
    expect((await client.frames(6))[5]).toMatch(rateLimited);
    const neighbour = await from('127.0.0.2');
    neighbour.write(`${proxyHeader1('203.0.113.5')}auth messi surabaya\n`);
    expect(await neighbour.frame()).toMatch(replies.tokenReply);
    for (const socket of [client, neighbour]) socket.destroy();
  });

  test('where the proxy speaks for itself, its own address counts', async () => {
    for (const header of [
      proxyHeader2({ command: 0x20, family: 0, source: [] }),
      Buffer.from('PROXY UNKNOWN\r\n'),
    ]) {
      for (let count = 0; count < 3; count += 1) {
        const client = await from('127.0.0.2');
        client.write(Buffer.concat([header, Buffer.from('ping\n')]));
        expect(await client.frame()).toBe(pong);
      }
    }
  });

  test.each([
    ['ping\n'],
    ['GET / HTTP/1.1\r\n\r\n'],
    ['PROXY TCP4 nobody 127.0.0.1 1 2\r\n'],
    [`PROXY ${'x'.repeat(600)}`],
  ])('from a proxy without a good header the connection is closed: %j', async (bytes) => {
    const client = await from('127.0.0.4');
    client.write(bytes);
    expect(await client.rest()).toBe('');
  });

  test('a header that does not come in 5 s closes the connection', async () => {
    const client = await from('127.0.0.2');
    client.write('PROXY TCP4 ');
    await client.untilOver(8_000);
  });

  test('a proxy that only looks whether the port is open harms nothing', async () => {
    for (let count = 0; count < 50; count += 1) {
      const socket = connect({ ...server.address, localAddress: '127.0.0.2' });
      await new Promise((resolve) => socket.once('connect', resolve));
      if (count % 2 === 0) socket.resetAndDestroy();
      else socket.end();
      await new Promise((resolve) => socket.once('close', resolve));
    }
    const client = await from('127.0.0.2');
    client.write(`${proxyHeader1('203.0.113.6')}ping\n`);
    expect(await client.frame()).toBe(pong);
    client.destroy();
  });

  test('from anybody else a header is just a bad request', async () => {
    const client = await from('127.0.0.3');
    client.write(`${proxyHeader1('203.0.113.7')}ping\n`);
    expect(await client.frames(2)).toEqual([replies.badCommand, pong]);
    const binary = await from('127.0.0.3');
    binary.write(Buffer.concat([proxyHeader2({ source: [203, 0, 113, 7] }), Buffer.from('\nping\n')]));
    const answers = (await binary.frames(6)).join('');
    expect(answers.endsWith(pong)).toBe(true);
    expect(answers.match(/"ERROR"/g)).toHaveLength(5);
    for (const socket of [client, binary]) socket.destroy();
  });
});
