import type { ChatConnection } from './chat-connection';

/** Resolves after so long, or when the connection ends: then there is nothing to wait for. */
export function restWhileOpen(connection: ChatConnection, delayMs: number): Promise<void> {
  if (!connection.isOpen) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      connection.off('close', done);
      resolve();
    };
    const timer = setTimeout(done, delayMs);
    connection.once('close', done);
  });
}
