/**
 * What one client pays for an OK that is on disk, beside what the disk itself takes; and what an idle server costs.
 * Run: `node dist/tests/bench/durability-latency.js`
 */
import { closeSync, fdatasyncSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { DurableServer } from '../support/durable-server';

const roundCount = 10;
const requestsPerRound = 200;
/** A server that has just started compiles its code while it works. */
const warmupRequests = 4_000;
/** Ten seconds after a start the tables take over what it has left in the journal. */
const settleMs = 15_000;
const idleMs = 10_000;
/** The kernel's clock ticks a second, which proc(5) counts in; 100 on every Linux that Node runs on. */
const ticksPerSecond = 100;
const fileBytes = 1_048_576;
/** About what a frame with one short message takes. */
const writeBytes = 128;

async function main(): Promise<void> {
  const server = await DurableServer.start();
  try {
    const disk = new ProbedDisk(server.folder.file('probe'));
    const client = await server.connect();
    const [from, to] = server.members;
    const send = async (text: string): Promise<number> => {
      const startMs = performance.now();
      const reply = await client.ask(`send ${from!.token} ${to!.username} ${text}`);
      const tookMs = performance.now() - startMs;
      if (!reply.includes('"OK"')) throw new Error(reply);
      return tookMs;
    };
    for (let request = 0; request < warmupRequests; request += 1) await send(`pemanasan ${request}`);
    const sends: number[] = [];
    const syncs: number[] = [];
    // In turns, so that what else the machine does meets both alike.
    for (let round = 0; round < roundCount; round += 1) {
      for (let request = 0; request < requestsPerRound; request += 1)
        sends.push(await send(`pesan ${round}.${request}`));
      for (let count = 0; count < requestsPerRound; count += 1) syncs.push(disk.sync());
    }
    disk.close();
    client.destroy();
    const ratio = percentile(sends, 50) / percentile(syncs, 50);
    print('send, on disk', sends);
    print('fdatasync    ', syncs);
    process.stdout.write(`p50 of a send is ${ratio.toFixed(2)} times that of fdatasync (goal: 2)\n`);
    // Started again: what was sent is still to be brought into the tables, which is no idling.
    await server.process.stop();
    await server.restart();
    process.stdout.write(`idle: ${(await idlePercent(server)).toFixed(2)} % of one core (goal: 0.5)\n`);
  } finally {
    await server.process.stop();
    await server.remove();
  }
}

/** Overwrites a preallocated file, as the journal does. */
class ProbedDisk {
  private readonly descriptor: number;
  private at = 0;

  constructor(file: string) {
    this.descriptor = openSync(file, 'w');
    writeSync(this.descriptor, Buffer.alloc(fileBytes, 1));
    fsyncSync(this.descriptor);
  }

  /** Milliseconds of one write and sync. */
  sync(): number {
    const startMs = performance.now();
    writeSync(this.descriptor, Buffer.alloc(writeBytes, 2), 0, writeBytes, this.at);
    fdatasyncSync(this.descriptor);
    this.at = (this.at + writeBytes) % fileBytes;
    return performance.now() - startMs;
  }

  close(): void {
    closeSync(this.descriptor);
  }
}

/** Two connections are open and silent. */
async function idlePercent(server: DurableServer): Promise<number> {
  const clients = [await server.connect(), await server.connect()];
  await delay(settleMs);
  const before = processorTicks(server.process.pid);
  await delay(idleMs);
  const ticks = processorTicks(server.process.pid) - before;
  for (const client of clients) client.destroy();
  return (ticks / ticksPerSecond / (idleMs / 1_000)) * 100;
}

/** User and system time of all threads: fields 14 and 15, counted from the name's closing parenthesis. */
function processorTicks(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return Number(fields[11]) + Number(fields[12]);
}

function percentile(values: readonly number[], percent: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))]!;
}

function print(label: string, values: readonly number[]): void {
  const [p50, p99] = [percentile(values, 50), percentile(values, 99)];
  process.stdout.write(`${label}  p50 ${p50.toFixed(3)} ms  p99 ${p99.toFixed(3)} ms\n`);
}

void main();
