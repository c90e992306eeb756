// Goal: an operator who reads slowly costs the server nothing that stays.
import { once } from 'node:events';
import net from 'node:net';
import pino from 'pino';
import type { ListedUser } from '../../shared/batch/tasks';
import type { AdminService } from '../../server/admin/admin-service';
import { encodeRequest } from '../../server/admin/control-protocol';
import { ControlServer } from '../../server/admin/control-server';
import { closeServer, connectLocal, listenLocal } from '../../server/local-socket';
import { TemporaryFolder } from '../support/temporary-folder';

test('waiting for an operator who reads slowly leaves no listeners behind', async () => {
  const folder = new TemporaryFolder();
  const control = new ControlServer(pino({ level: 'silent' }));
  // Each is more than a socket takes at once.
  const user: ListedUser = { username: 'ana', displayName: 'x'.repeat(400_000), sessions: 0, unread: 0 };
  const listUsers = (): ListedUser[] => Array.from({ length: 20 }, () => user);
  control.start({ listUsers } as unknown as AdminService);
  const server = net.createServer();
  const accepted = once(server, 'connection');
  await listenLocal(server, folder.file('control.sock'));
  const operator = await connectLocal(folder.file('control.sock'));
  const [socket] = (await accepted) as [net.Socket];
  const listeners = (): number[] => ['error', 'close', 'drain'].map((event) => socket.listenerCount(event));
  control.accept(socket);
  await once(operator, 'data');
  const before = listeners();
  try {
    operator.write(encodeRequest({ command: 'listUsers' }));
    for await (const chunk of operator) if (String(chunk).endsWith('{"kind":"done"}\n')) break;
    expect(listeners()).toEqual(before);
  } finally {
    socket.destroy();
    await closeServer(server);
    folder.remove();
  }
});
