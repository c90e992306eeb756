/**
 * What bringing the tables up to date costs: `node dist/tests/bench/table-apply.js [seconds a case]`.
 *
 * One case each of few users and many, of records that come in runs of 1 and 16 MiB, of messages that are read soon.
 * Every apply is synced to disk. What a start takes, `npm run bench -- start` measures.
 */
import { statSync } from 'node:fs';
import path from 'node:path';
import { TemporaryFolder } from '../support/temporary-folder';
import { Tables } from '../../workers/tables/tables';
import { Chatter, chatStartMs } from './chatter';
import { writtenBytes } from './disk-usage';

/** What the share of a core is told for. */
const messagesPerSecond = 80_000;

interface Figures {
  readonly name: string;
  readonly messageCount: number;
  readonly cpuMicroseconds: number;
  readonly wallMicroseconds: number;
  readonly writtenBytes: number;
  readonly fileBytes: number;
}

function apply(tables: Tables, chatter: Chatter): void {
  const words = chatter.taken();
  tables.apply(words, tables.applied + words.length, chatStartMs);
}

async function measureApply(userCount: number, runMiB: number, seconds: number): Promise<Figures> {
  const folder = new TemporaryFolder();
  const tables = await Tables.open(folder.file('tables'));
  const chatter = new Chatter(userCount);
  chatter.createUsers();
  apply(tables, chatter);
  const until = performance.now() + seconds * 1_000;
  const writtenBefore = writtenBytes(process.pid);
  let [cpuMicroseconds, wallMicroseconds] = [0, 0];
  do {
    chatter.chat(runMiB * 1_048_576, true);
    const [cpuBefore, wallBefore] = [process.cpuUsage(), performance.now()];
    apply(tables, chatter);
    const { user, system } = process.cpuUsage(cpuBefore);
    cpuMicroseconds += user + system;
    wallMicroseconds += (performance.now() - wallBefore) * 1_000;
  } while (performance.now() < until);
  const figures = {
    name: `${userCount} users, runs of ${runMiB} MiB`,
    messageCount: chatter.messageCount,
    cpuMicroseconds,
    wallMicroseconds,
    writtenBytes: writtenBytes(process.pid) - writtenBefore,
    fileBytes: statSync(path.join(folder.file('tables'), 'data.mdb')).size,
  };
  await tables.close();
  folder.remove();
  return figures;
}

function describe(figures: Figures): string {
  const cpu = figures.cpuMicroseconds / figures.messageCount;
  const parts = [
    figures.name,
    `${figures.messageCount} messages`,
    `${cpu.toFixed(2)} us of processor and ${(figures.wallMicroseconds / figures.messageCount).toFixed(2)} us a message`,
    `${((cpu * messagesPerSecond) / 10_000).toFixed(1)} % of a core at ${messagesPerSecond}/s`,
    `${(figures.writtenBytes / figures.messageCount).toFixed(0)} B written and ` +
      `${(figures.fileBytes / figures.messageCount).toFixed(0)} B kept a message`,
  ];
  return parts.join(' · ');
}

async function main(seconds: number): Promise<void> {
  for (const userCount of [3, 10_000])
    for (const runMiB of [1, 4, 16])
      process.stdout.write(`${describe(await measureApply(userCount, runMiB, seconds))}\n`);
}

void main(Number(process.argv[2] ?? 4));
