// Goal: a client that takes nothing of what waits for it is cut, and one that takes it slowly is not. A connection that the
// server has ended does not keep its place because its client leaves a little unread: less than what is taken for not
// reading at all, and more than the kernel keeps. Where it cannot listen is said in words.
import dns from 'node:dns';
import { once } from 'node:events';
import { connect } from 'node:net';
import pino from 'pino';
import type { Connection } from '../../server/connection';
import { Limits } from '../../server/limits/limits';
import { Listener } from '../../server/listener';
import { SocketWriter } from '../../shared/sockets/socket-writer';

const log = pino({ level: 'silent' });
const noLimits = {
  limitLoopback: false,
  floodRequests: 0,
  floodBytes: 0,
  maxConnectionsPerAddress: 0,
  registrationsPerHour: 0,
};
const text = 'x'.repeat(50_000);
const floodTexts = 800;

/** Texts until the kernel takes no more of them. */
function fill(connection: Connection): void {
  const writes = jest.spyOn(SocketWriter.prototype, 'write');
  do connection.push(text);
  while ((writes.mock.contexts.at(-1) as SocketWriter).queuedBytes === 0);
}

/** Much more than the kernel keeps. */
function flood(connection: Connection): void {
  for (let count = 0; count < floodTexts; count += 1) connection.push(text);
}

/** A listener whose connections answer each request with texts. */
function listenerThatAnswers(
  answer: (connection: Connection) => void,
  loginTimeoutMs: number,
  host = '127.0.0.1',
): Listener {
  const carryOut = (connection: Connection): void => {
    connection.takeLines(text.length);
    answer(connection);
    connection.complete({
      replies: '',
      unconsumed: undefined,
      user: 0,
      hasLeft: false,
      deferral: undefined,
      subscription: undefined,
    });
  };
  return new Listener(
    {
      host,
      port: 0,
      loginTimeoutMs,
      sendTimeoutMs: 300,
      lineTimeoutMs: 60_000,
      identity: undefined,
    },
    10,
    {
      lineBytesMax: 8_192,
      append: () => false,
      enqueue: (connection) => {
        setImmediate(carryOut, connection);
      },
      runSlow: () => Promise.reject(new Error('nothing is slow here')),
      subscribe: () => undefined,
      moved: () => undefined,
      relieved: () => undefined,
      forget: () => undefined,
    },
    new Limits(noLimits, log),
    log,
  );
}

test.each([
  ['closed because it was silent', 300, false],
  ['half-closed by its client', 60_000, true],
])('one that is %s', async (_why, loginTimeoutMs, halfCloses) => {
  const listener = listenerThatAnswers(fill, loginTimeoutMs);
  const port = await listener.listen();
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(client, 'connect');
  client.write('ping\n');
  if (halfCloses) client.end();
  while (listener.connections.size === 0) await new Promise(setImmediate);
  const [connection] = listener.connections;
  const gone = new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (listener.connections.size > 0) return;
      clearInterval(look);
      resolve();
    }, 50);
  });
  const isGone = await Promise.race([
    gone.then(() => true),
    new Promise((resolve) => setTimeout(resolve, 6_000, false).unref()),
  ]);
  expect(connection!.congestedSinceMs).toBeUndefined();
  listener.cutAll();
  await gone;
  client.destroy();
  await listener.drain();
  expect(isGone).toBe(true);
});

test.each([
  ['takes a little all the time gets everything', 160_000],
  ['takes nothing is cut', 0],
])('one whose client %s', async (_what, bytesAtOnce) => {
  const listener = listenerThatAnswers(flood, 60_000);
  const port = await listener.listen();
  const client = connect(port, '127.0.0.1').on('error', () => undefined);
  await once(client, 'connect');
  client.pause();
  client.write('ping\n');
  while (listener.connections.size === 0) await new Promise(setImmediate);
  const allBytes = floodTexts * text.length;
  let receivedBytes = 0;
  // Some 8 MB a second, for much longer than the time in which something has to be taken.
  await new Promise<void>((resolve) => {
    const reading = setInterval(() => {
      const chunk = client.read(Math.min(bytesAtOnce, client.readableLength)) as Buffer | null;
      receivedBytes += chunk?.length ?? 0;
      if (listener.connections.size > 0 && receivedBytes < allBytes) return;
      clearInterval(reading);
      resolve();
    }, 20);
  });
  expect(receivedBytes === allBytes).toBe(bytesAtOnce > 0);
  client.destroy();
  listener.cutAll();
  await listener.drain();
});

test.each(['ENOTFOUND', 'EAI_AGAIN'])(
  'a name that cannot be looked up (%s) is said in words, as an address that there is not',
  async (code) => {
    const lookup = jest.spyOn(dns, 'lookup').mockImplementationOnce(((
      _name: string,
      done: (error: Error) => void,
    ) => {
      setImmediate(done, Object.assign(new Error(`getaddrinfo ${code}`), { code }));
    }) as typeof dns.lookup);
    const listener = listenerThatAnswers(fill, 60_000, 'chat.example.org');
    await expect(listener.listen()).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('the name chat.example.org') as string,
    });
    expect(lookup).toHaveBeenCalled();
  },
);
