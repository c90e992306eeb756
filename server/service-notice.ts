/**
 * Tells systemd how the server is (`Type=notify`). The notice goes through a Unix datagram socket, which Node does not
 * have; `systemd-notify` sends it, and the unit allows that with `NotifyAccess=all`. Without systemd nothing happens.
 */
import { spawn } from 'node:child_process';
import type { Logger } from './logger';

export type ServiceState = 'READY=1' | 'STOPPING=1';

export function notifyService(state: ServiceState, log: Logger): void {
  const { NOTIFY_SOCKET, PATH } = process.env;
  if (NOTIFY_SOCKET === undefined || NOTIFY_SOCKET === '') return;
  const child = spawn('systemd-notify', [state], {
    // Nothing of the configuration is its business.
    env: { NOTIFY_SOCKET, ...(PATH === undefined ? {} : { PATH }) },
    stdio: 'ignore',
  });
  child.once('error', (error) => {
    log.warn({ reason: error.message, state }, 'systemd was not told: systemd-notify does not run');
  });
  child.once('exit', (code) => {
    if (code !== 0) log.warn({ code, state }, 'systemd was not told: systemd-notify failed');
  });
}
