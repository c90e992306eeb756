/**
 * How long a start takes: a data directory with accounts, unread messages and a journal that the tables have not taken
 * over, the real server on it, and the time from its process's start to its start line.
 */
import { cpSync } from 'node:fs';
import { createInterface } from 'node:readline';
import path from 'node:path';
import { readProcessUsage } from '../../client/load/server-process';
import { duration, mebibytes, whole } from '../../client/load/text-format';
import { dataFolders } from '../../shared/journal/data-folders';
import { SegmentLog } from '../../shared/journal/segment-log';
import { Tables } from '../../workers/tables/tables';
import { findFreePort } from '../support/free-port';
import { Chatter, chatStartMs } from './chatter';
import { folderBytes, makeFolder, removeFolder } from './disk-usage';
import { describeMachine, machineMarkdown } from './machine';
import { markdownTable } from './markdown-table';
import { median } from './statistics';
import { startChild, stopChild } from './started-server';

export interface StartOptions {
  readonly accounts: number;
  readonly unread: number;
  /** MiB of records that only the journal has. */
  readonly journal: number;
  readonly rounds: number;
}

interface Start {
  readonly seconds: number;
  readonly rssBytes: number;
}

export interface StartFigures {
  readonly options: StartOptions;
  readonly journalMessages: number;
  readonly tableBytes: number;
  readonly journalBytes: number;
  readonly starts: readonly Start[];
}

/** Of which the journal's messages are: those who talk read as they do in the load test. */
const talkingUsers = 1_000;
const runBytes = 4 * 1_048_576;
/** About what the journal thread appends at a time when much comes. */
const payloadBytes = 32_768;
const memoryMiB = 1_024;
const serverProgram = path.resolve(__dirname, '..', '..', 'server', 'main.js');

export async function measureStart(
  options: StartOptions,
  tell: (line: string) => void,
): Promise<StartFigures> {
  const pristine = makeFolder();
  const journalMessages = await makeData(pristine, options);
  const folders = dataFolders(pristine);
  const [tableBytes, journalBytes] = [folderBytes(folders.tables), folderBytes(folders.journal)];
  tell(`data made: tables ${mebibytes(tableBytes)}, journal ${mebibytes(journalBytes)}`);
  const starts: Start[] = [];
  for (let round = 1; round <= options.rounds; round += 1) {
    // A start changes the data, and each is to find the same.
    const copy = makeFolder();
    cpSync(pristine, copy, { recursive: true });
    starts.push(await startOnce(copy));
    removeFolder(copy);
    tell(`round ${round}/${options.rounds}: ${duration(starts.at(-1)!.seconds)}`);
  }
  removeFolder(pristine);
  return { options, journalMessages, tableBytes, journalBytes, starts };
}

/** Returns how many messages the journal alone has. */
async function makeData(folder: string, { accounts, unread, journal }: StartOptions): Promise<number> {
  const folders = dataFolders(folder);
  const tables = await Tables.open(folders.tables);
  const chatter = new Chatter(accounts);
  const apply = (): void => {
    const words = chatter.taken();
    tables.apply(words, tables.applied + words.length, chatStartMs);
  };
  chatter.createUsers();
  apply();
  while (chatter.messageCount < unread) {
    chatter.chat(runBytes, false, unread);
    apply();
  }
  const log = SegmentLog.open(folders.journal, { startPosition: tables.applied });
  await tables.close();
  chatter.talking = Math.min(talkingUsers, accounts);
  for (let written = 0; written < journal * 1_048_576;) {
    chatter.chat(payloadBytes, true);
    const words = chatter.taken();
    log.append([new Uint8Array(words.buffer, words.byteOffset, words.byteLength)]);
    written += words.byteLength;
  }
  log.sync();
  log.close();
  return chatter.messageCount - unread;
}

async function startOnce(data: string): Promise<Start> {
  const args = ['--data', data, '--port', String(await findFreePort()), '--threads', '2'];
  const beginMs = performance.now();
  const child = startChild(process.execPath, [serverProgram, ...args, '--memory', String(memoryMiB)]);
  const printed: string[] = [];
  createInterface(child.stderr!).on('line', (line) => printed.push(line));
  for await (const line of createInterface(child.stdout!)) {
    printed.push(line);
    if (!line.includes('chat-client connect')) continue;
    const seconds = (performance.now() - beginMs) / 1_000;
    const rssBytes = readProcessUsage(child.pid!)?.rssBytes ?? NaN;
    // Not asked to end: it would first bring its journal into the tables.
    child.kill('SIGKILL');
    await stopChild(child);
    return { seconds, rssBytes };
  }
  throw new Error(`the server did not start:\n${printed.slice(-20).join('\n')}`);
}

export function startMarkdown({ options, starts, ...figures }: StartFigures): string {
  const seconds = starts.map((start) => start.seconds);
  const row = [
    whole(options.accounts),
    whole(options.unread),
    mebibytes(figures.tableBytes),
    `${mebibytes(figures.journalBytes)}, ${whole(figures.journalMessages)} messages`,
    duration(median(seconds)),
    `${duration(Math.min(...seconds))}–${duration(Math.max(...seconds))}`,
    mebibytes(median(starts.map((start) => start.rssBytes))),
  ];
  const head = ['accounts', 'unread', 'tables', 'journal to replay', 'start line after', 'min–max', 'memory'];
  return [
    machineMarkdown(describeMachine()),
    `- \`chat-server --threads 2 --memory ${memoryMiB}\`, from the process's start to its last start line; ` +
      `${starts.length} starts, the files in the system's cache`,
    '',
    markdownTable(head, [row]),
    '',
  ].join('\n');
}
