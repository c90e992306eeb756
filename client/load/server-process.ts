/**
 * Processor time and memory of the process that listens on a port of this machine, read from /proc. Linux only, and
 * only where this user may look at that process (its own, or root).
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { networkInterfaces } from 'node:os';

/** Unit of the times in /proc/PID/stat: 100 a second on every Linux that Node runs on. */
const clockTicksPerSecond = 100;
const listenState = '0A';

export interface ProcessUsage {
  /** Processor time since the process started, all threads. */
  readonly cpuMs: number;
  readonly rssBytes: number;
}

export type ProcessSearch = { readonly pid: number } | { readonly unavailable: string };

/** @returns the process that listens on `port`, or in one sentence why it cannot be told. */
export function findListeningProcess(host: string, port: number): ProcessSearch {
  if (!isLocal(host)) return { unavailable: `${host} is another machine` };
  if (process.platform !== 'linux')
    return { unavailable: `not known how on ${process.platform}, only on Linux` };
  const inodes = listeningInodes(port);
  if (inodes.size === 0) return { unavailable: `nothing in /proc/net/tcp listens on port ${port}` };
  for (const pid of readdirSync('/proc')) {
    if (/^\d+$/.test(pid) && hasSocket(pid, inodes)) return { pid: Number(pid) };
  }
  return { unavailable: 'the server runs as another user, or in another container' };
}

/** @returns undefined once the process is gone. */
export function readProcessUsage(pid: number): ProcessUsage | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name in parentheses may hold anything, spaces and parentheses too: fields are counted from its end.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const ticks = Number(fields[11]) + Number(fields[12]);
    const status = readFileSync(`/proc/${pid}/status`, 'latin1');
    const rssKibibytes = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1] ?? 0);
    return { cpuMs: (ticks * 1_000) / clockTicksPerSecond, rssBytes: rssKibibytes * 1_024 };
  } catch {
    return undefined;
  }
}

function isLocal(host: string): boolean {
  if (host === '::1' || host.startsWith('127.')) return true;
  return Object.values(networkInterfaces()).some((entries) =>
    entries?.some((entry) => entry.address === host),
  );
}

function listeningInodes(port: number): Set<string> {
  const inodes = new Set<string>();
  const portHex = port.toString(16).toUpperCase().padStart(4, '0');
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readLines(table)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] === listenState && fields[1]?.endsWith(`:${portHex}`) === true) inodes.add(fields[9]!);
    }
  }
  return inodes;
}

/** A table that does not exist (no IPv6) has no lines. */
function readLines(file: string): string[] {
  try {
    return readFileSync(file, 'latin1').split('\n');
  } catch {
    return [];
  }
}

/** Processes of others, and those that end meanwhile, cannot be read: they are not it. */
function hasSocket(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((descriptor) => {
      const inode = /^socket:\[(\d+)\]$/.exec(readLinkOrEmpty(`/proc/${pid}/fd/${descriptor}`))?.[1];
      return inode !== undefined && inodes.has(inode);
    });
  } catch {
    return false;
  }
}

function readLinkOrEmpty(file: string): string {
  try {
    return readlinkSync(file);
  } catch {
    return '';
  }
}
