/**
 * What it takes to bring a group of records to disk, for the ways of laying out a journal that docs/adr/0005 compares.
 * Run alone: `npm run --silent build && node dist/tests/bench/journal-sync.js [folder]`. The folder is where the files
 * go, a new one within it; without it, where the system keeps temporary ones. Takes about 15 s.
 */
import { closeSync, fdatasyncSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { open as openTables } from 'lmdb';
import { SegmentLog } from '../../shared/journal/segment-log';
import { describeMachine } from './machine';
import { markdownTable } from './markdown-table';
import { median } from './statistics';

const groupSizesBytes = [256, 4_096, 65_536];
const groupCount = 300;
/** The ways take turns, so that what else the machine does falls on all of them. */
const roundCount = 3;
const fileBytes = 64 * 1024 * 1024;
const stepBytes = 1024 * 1024;

type Commit = (group: Uint8Array) => void | Promise<void>;

interface Way {
  readonly name: string;
  /** @returns what brings one group to disk, and what ends it. */
  start(folder: string): { readonly commit: Commit; readonly end: () => void | Promise<void> };
}

type Layout = 'growing' | 'truncated' | 'zeros in steps' | 'zeros at once';

function fileWay(name: string, layout: Layout): Way {
  return {
    name,
    start(folder) {
      const descriptor = openSync(path.join(folder, 'file'), 'w');
      const zeros = Buffer.alloc(stepBytes);
      let offsetBytes = 0;
      let filledBytes = 0;
      const fill = (untilBytes: number): void => {
        for (; filledBytes < untilBytes; filledBytes += stepBytes)
          writeSync(descriptor, zeros, 0, stepBytes, filledBytes);
      };
      if (layout === 'truncated') ftruncateSync(descriptor, fileBytes);
      if (layout === 'zeros at once') fill(fileBytes);
      fdatasyncSync(descriptor);
      const commit: Commit = (group) => {
        if (layout === 'zeros in steps') fill(offsetBytes + group.length);
        writeSync(descriptor, group, 0, group.length, offsetBytes);
        offsetBytes += group.length;
        fdatasyncSync(descriptor);
      };
      return {
        commit,
        end: () => {
          closeSync(descriptor);
        },
      };
    },
  };
}

function segmentLogWay(name: string, usesAgain: boolean): Way {
  return {
    name,
    start(folder) {
      const log = SegmentLog.open(path.join(folder, 'journal'), { segmentBytes: 32 * 1024 * 1024 });
      if (usesAgain) {
        const ballast = new Uint8Array(15 * 1024 * 1024);
        for (let count = 0; count < 5; count += 1) log.append([ballast]);
        log.sync();
        log.trim(log.endPosition);
      }
      const commit: Commit = (group) => {
        log.append([group]);
        log.sync();
      };
      return {
        commit,
        end: () => {
          log.close();
        },
      };
    },
  };
}

const tablesWay: Way = {
  name: 'LMDB: one put a commit, ascending key',
  start(folder) {
    const tables = openTables<Uint8Array, number>({
      path: path.join(folder, 'tables'),
      encoding: 'binary',
      keyEncoding: 'uint32',
      overlappingSync: false,
    });
    let key = 0;
    const commit: Commit = (group) => {
      key += 1;
      tables.transactionSync(() => {
        tables.putSync(key, group);
      });
    };
    return { commit, end: () => tables.close() };
  },
};

const ways: readonly Way[] = [
  fileWay('file that grows', 'growing'),
  fileWay('file truncated to its size, blocks as they come', 'truncated'),
  fileWay('zeros 1 MiB ahead', 'zeros in steps'),
  fileWay('zeros over the whole file first', 'zeros at once'),
  segmentLogWay('SegmentLog, new segments', false),
  segmentLogWay('SegmentLog, segments used again', true),
  tablesWay,
];

/** Microseconds of each commit. */
async function measure(way: Way, groupBytes: number): Promise<number[]> {
  const folder = mkdtempSync(path.join(process.argv[2] ?? tmpdir(), 'benang-journal-sync-'));
  try {
    const { commit, end } = way.start(folder);
    const group = new Uint8Array(groupBytes).fill(97);
    const microseconds: number[] = [];
    for (let count = 0; count < groupCount / roundCount; count += 1) {
      const started = process.hrtime.bigint();
      await commit(group);
      microseconds.push(Number(process.hrtime.bigint() - started) / 1_000);
    }
    await end();
    return microseconds;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The 10th of a hundred (what the disk takes when nothing else runs), the middle and the 99th, in microseconds. */
function cellOf(microseconds: readonly number[]): string {
  const sorted = [...microseconds].sort((left, right) => left - right);
  const share = (of: number): number => Math.round(sorted[Math.floor(sorted.length * of)]!);
  return `${share(0.1)} / ${Math.round(median(sorted))} / ${share(0.99)}`;
}

async function main(): Promise<void> {
  const taken = ways.map(() => groupSizesBytes.map((): number[] => []));
  for (let round = 0; round < roundCount; round += 1)
    for (const [index, way] of ways.entries())
      for (const [size, groupBytes] of groupSizesBytes.entries())
        taken[index]![size]!.push(...(await measure(way, groupBytes)));
  const head = ['µs a commit: p10 / median / p99', ...groupSizesBytes.map((bytes) => `${bytes} B`)];
  const rows = ways.map(({ name }, index) => [name, ...taken[index]!.map(cellOf)]);
  const { processors, system, node, takenAt } = describeMachine();
  process.stdout.write(`${processors}, ${system}, ${node}, ${takenAt}\n\n${markdownTable(head, rows)}\n`);
}

void main();
