// Goal: a connection that the server has ended does not keep its place because its client leaves a little unread: less
// than what is taken for not reading at all, and more than the kernel keeps.
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

/** A listener whose connections answer each request with texts until the kernel takes no more of them. */
function listenerThatFills(loginTimeoutMs: number): Listener {
  const writes = jest.spyOn(SocketWriter.prototype, 'write');
  const fill = (connection: Connection): void => {
    connection.takeLines(text.length);
    do connection.push(text);
    while ((writes.mock.contexts.at(-1) as SocketWriter).queuedBytes === 0);
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
      host: '127.0.0.1',
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
        setImmediate(fill, connection);
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
  const listener = listenerThatFills(loginTimeoutMs);
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
