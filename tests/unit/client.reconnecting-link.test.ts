/** Goal: a link that is ended leaves nothing behind: no connection, and none on its way. */
import { ChatConnection } from '../../client';
import { ReconnectingLink } from '../../client/reconnecting-link';
import { ScriptedServer } from '../support/scripted-server';

let server: ScriptedServer;

beforeEach(async () => {
  server = await ScriptedServer.start(() => undefined);
});
afterEach(() => server.stop());

test.each(['close', 'destroy'] as const)('%s gives up the connection that is being opened', async (end) => {
  let tryCount = 0;
  let triedAgain: (signal: AbortSignal) => void;
  const secondTry = new Promise<AbortSignal>((resolve) => (triedAgain = resolve));
  const link = new ReconnectingLink(
    (signal) => {
      tryCount += 1;
      if (tryCount > 1) triedAgain(signal);
      // A server that shakes no hands: nothing but the signal ends this before its time.
      const tls = tryCount > 1 ? {} : undefined;
      return ChatConnection.connect('127.0.0.1', server.port, { tls, signal, connectTimeoutMs: 60_000 });
    },
    { delayMsMin: 1, delayMsMax: 1 },
  );
  await link.open();
  server.breakConnections();
  const signal = await secondTry;
  expect(signal.aborted).toBe(false);
  await link[end]();
  expect(signal.aborted).toBe(true);
});

test('a connection that nobody wants any more is given up at once', async () => {
  const wanted = new AbortController();
  const options = { tls: {}, signal: wanted.signal, connectTimeoutMs: 60_000 };
  const connecting = ChatConnection.connect('127.0.0.1', server.port, options);
  setImmediate(() => {
    wanted.abort();
  });
  await expect(connecting).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  const late = ChatConnection.connect('127.0.0.1', server.port, options);
  await expect(late).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
});
