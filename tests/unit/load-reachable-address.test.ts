/** Goal: of a name with several addresses, the one where the server listens gets the load. */
import { reachableAddress } from '../../client/load/reachable-address';
import { findFreePort } from '../support/free-port';
import { ScriptedServer } from '../support/scripted-server';

test('an address where nothing listens is passed over', async () => {
  const server = await ScriptedServer.start(() => undefined);
  const addresses = ['127.0.0.2', '127.0.0.1', '127.0.0.3'];
  expect(await reachableAddress('name', server.port, () => Promise.resolve(addresses))).toBe('127.0.0.1');
  await server.stop();
});

test('where nothing listens on any, the first one says why', async () => {
  const port = await findFreePort();
  const reached = reachableAddress('name', port, () => Promise.resolve(['127.0.0.2', '127.0.0.1']));
  await expect(reached).rejects.toMatchObject({ code: 'ECONNREFUSED', address: '127.0.0.2' });
});

test('a single address is taken as it is', async () => {
  const port = await findFreePort();
  expect(await reachableAddress('name', port, () => Promise.resolve(['127.0.0.2']))).toBe('127.0.0.2');
  expect(await reachableAddress('::1', port)).toBe('::1');
});
