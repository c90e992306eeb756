/**
 * The audit of a data directory: its tables, its journal, and the store that a start would make of both. It changes
 * nothing, but for what a start would mend just so: the length of a table file that was cut short, and tables whose
 * making was.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { dataFolders } from '../shared/journal/data-folders';
import { systemFiles } from '../shared/journal/file-layer';
import type { CheckReport, InspectTask } from '../shared/journal/inspect-messages';
import { findJournalEnd } from '../shared/journal/journal-end';
import { type SegmentName, segmentsAmong } from '../shared/journal/segment';
import { SegmentReader } from '../shared/journal/segment-reader';
import { auditStore } from '../shared/store/audit';
import { Memory } from '../shared/store/memory';
import { serverCapacity } from '../shared/store/server-capacity';
import { createStore } from '../shared/store/store';
import { StoreLoader } from '../shared/store/store-loader';
import { loadStore } from './load-store';
import { lookAtDataFile } from './tables/data-file';
import { Tables } from './tables/tables';

/** Any but 0, in a process that has one thread. */
const threadId = 1;

/** Errors that say that something is wrong with the data, and not with this program, the system or the options. */
const damageCodes = new Set([
  'DATA_DAMAGED',
  'DATA_MISSING',
  'DATA_FORMAT_UNKNOWN',
  'JOURNAL_DAMAGED',
  'JOURNAL_TRIMMED',
  'JOURNAL_VERSION',
]);

type Figures = [string, string][];

/** Audits the tables of a directory that may be in use. */
export async function checkTables(folder: string): Promise<CheckReport> {
  const findings: string[] = [];
  const figures: Figures = [];
  await collecting(findings, async () => {
    const tables = await Tables.open(dataFolders(folder).tables, { readOnly: true });
    reportTables(tables, findings, figures);
    await tables.close();
  });
  return { findings, figures };
}

/** Audits a directory that nobody else has. */
export async function checkAll(task: InspectTask & { readonly kind: 'checkAll' }): Promise<CheckReport> {
  const folders = dataFolders(task.folder);
  const findings: string[] = [];
  const figures: Figures = [];
  let tables: Tables | undefined;
  const hasJournal = segmentsIn(folders.journal).length > 0;
  await collecting(findings, async () => {
    // A journal is made after the tables: without one, these may be half made.
    tables = await Tables.open(folders.tables, { readOnly: hasJournal && !isShort(folders.tables) });
    reportTables(tables, findings, figures);
  });
  // Without the tables' position, what the journal holds can still be read; it cannot be replayed.
  await collecting(findings, () => {
    if (!hasJournal && tables?.applied === 0) {
      figures.push(['Journal', 'there is none yet: a first start was cut short, and the next one makes it']);
      return;
    }
    const end = checkJournal(folders.journal, tables?.applied ?? 0);
    figures.push(['Journal', `readable up to position ${end}`]);
    if (tables !== undefined) replay(task, tables, end, findings, figures);
  });
  await tables?.close();
  return { findings, figures };
}

function reportTables(tables: Tables, findings: string[], figures: Figures): void {
  const wrong = tables.check();
  for (const { table, key, message } of wrong)
    findings.push(`tables: ${[table, key].filter((part) => part !== '').join(' ')}: ${message}`);
  figures.push(['Tables', `current up to position ${tables.applied}`]);
}

/** Reads every frame. Returns where the journal ends. */
function checkJournal(folder: string, applied: number): number {
  const segments = segmentsIn(folder);
  if (segments.length === 0) throw damage(`there are no segments in ${folder}`);
  const { endPosition } = findJournalEnd(systemFiles, folder, segments, () => undefined);
  if (endPosition < applied)
    throw damage(`the journal ends at position ${endPosition}, and the tables are at ${applied}`);
  return endPosition;
}

function segmentsIn(folder: string): SegmentName[] {
  return existsSync(folder) ? segmentsAmong(readdirSync(folder)) : [];
}

/** Does what a start does, and audits what comes of it. */
function replay(
  task: InspectTask & { readonly kind: 'checkAll' },
  tables: Tables,
  end: number,
  findings: string[],
  figures: Figures,
): void {
  const store = createStore(serverCapacity(task));
  const segments = new SegmentReader(dataFolders(task.folder).journal);
  const { replayed } = loadStore(
    new StoreLoader(new Memory(store), threadId),
    tables,
    (visit) => {
      segments.read(tables.applied, end, visit);
    },
    () => undefined,
  );
  segments.close();
  const audit = auditStore(store);
  for (const finding of audit.findings) findings.push(`replayed: ${finding}`);
  figures.push(
    ['Replayed', `${replayed} records of the journal that the tables have not taken over`],
    [
      'Holds',
      `${audit.users} accounts ever, ${audit.sessions} sessions, ${audit.unreadMessages} unread messages, ${audit.rooms} rooms`,
    ],
  );
}

/** A file that a kill may have left shorter than it says; opening it to write mends that, or says that it is damaged. */
function isShort(tablesFolder: string): boolean {
  const look = lookAtDataFile(path.join(tablesFolder, 'data.mdb'));
  return look !== undefined && look.sizeBytes < look.pagesEndBytes;
}

/** Makes a finding of damage, and goes on. */
async function collecting(findings: string[], act: () => Promise<void> | void): Promise<void> {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const { code } = error as NodeJS.ErrnoException;
    // A record that no version wrote has no code: its bytes passed their checksum, and its meaning did not.
    const isRecord = code === undefined && error.message.startsWith('a record of');
    if (!isRecord && !damageCodes.has(code ?? '')) throw error;
    findings.push(error.message);
  }
}

function damage(message: string): Error {
  return Object.assign(new Error(message), { code: 'DATA_DAMAGED' });
}
