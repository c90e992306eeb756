/** Cuts the power at every sync of a scenario, in every way that `fatesOf` knows, and looks at what is left. */
import { SegmentLog } from '../../shared/journal/segment-log';
import { JournalHistory } from './journal-history';
import { PowerCutFiles, fatesOf } from './power-cut-files';

export type JournalStep =
  | { readonly append: number }
  | { readonly trimLast: number }
  /** Words, of one payload. */
  | { readonly reserve: number }
  /** The process is killed, and the journal opened again: what was written is in the cache. */
  | 'kill'
  | 'sync';

export interface PowerCutReport {
  cuts: number;
  violations: string[];
}

export interface PowerCutOptions {
  readonly segmentBytes: number;
  /** After every so many cuts, the power is cut again while the journal is opened. 0 for never. */
  readonly againEvery: number;
  /** An exploration ends at its first violations: one is enough, and a flaw makes thousands. */
  readonly violationsMax: number;
  readonly liesAbout?: 'syncData' | 'syncFolder';
  /** Is shown each disk that a first cut leaves. */
  readonly onCut?: (files: PowerCutFiles, history: JournalHistory) => void;
}

const folder = '/journal';

export function explorePowerCuts(steps: readonly JournalStep[], options: PowerCutOptions): PowerCutReport {
  const report: PowerCutReport = { cuts: 0, violations: [] };
  const files = new PowerCutFiles();
  files.liesAbout = options.liesAbout;
  const history = new JournalHistory();
  const cut = (): void => {
    cutHere(files, history, options, true, report);
  };
  files.beforeSync = cut;
  let log = SegmentLog.open(folder, { segmentBytes: options.segmentBytes, files });
  for (const step of steps) {
    if (report.violations.length >= options.violationsMax) break;
    if (step === 'sync') history.sync(log);
    else if (step === 'kill') {
      log = SegmentLog.open(folder, { segmentBytes: options.segmentBytes, files });
      report.violations.push(...history.compare(log));
    } else if ('append' in step) history.append(log, step.append);
    else if ('reserve' in step) log.reserve(step.reserve, 1);
    else history.trim(log, history.appended.at(-step.trimLast)!.position);
    cut();
  }
  return report;
}

function cutHere(
  files: PowerCutFiles,
  history: JournalHistory,
  options: PowerCutOptions,
  isFirst: boolean,
  report: PowerCutReport,
): void {
  for (const fates of fatesOf(files.changeBytes, isFirst ? 'many' : 'few')) {
    if (report.violations.length >= options.violationsMax) return;
    report.cuts += 1;
    const left = files.cutPower(fates);
    const expected = history.copy();
    const cutsAgain = isFirst && options.againEvery > 0 && report.cuts % options.againEvery === 0;
    if (isFirst) options.onCut?.(left, expected);
    try {
      const wrong = goOn(left, expected, options, cutsAgain, report);
      report.violations.push(...wrong.map((what) => `after ${fates.join()}: ${what}`));
    } catch (error) {
      report.violations.push(`after ${fates.join()}: ${String(error)}`);
    }
  }
}

/** Opens what is left, compares, appends payloads of the sizes that were lost, and cuts the power again. */
function goOn(
  files: PowerCutFiles,
  history: JournalHistory,
  options: PowerCutOptions,
  cutsAgain: boolean,
  report: PowerCutReport,
): string[] {
  const before = history.copy();
  if (cutsAgain)
    files.beforeSync = () => {
      cutHere(files, before, options, false, report);
    };
  const log = SegmentLog.open(folder, { segmentBytes: options.segmentBytes, files });
  files.beforeSync = undefined;
  const wrong = history.compare(log);
  // What was read has been taken for true: it may not change any more.
  history.syncedPosition = history.endPosition;
  wrong.push(...reopenAfterCut(files, history, options));
  const lost = before.appended.slice(history.appended.length).map(({ words }) => words.length);
  for (const wordCount of [lost[0] ?? 3, 5]) history.append(log, wordCount);
  wrong.push(...reopenAfterCut(files, history, options));
  history.sync(log);
  wrong.push(...reopenAfterCut(files, history, options));
  return wrong;
}

/** Two ends of what may be left; `fatesOf` tries the rest. */
function reopenAfterCut(files: PowerCutFiles, history: JournalHistory, options: PowerCutOptions): string[] {
  return (['kept', 'lost'] as const).flatMap((fate) => {
    const left = files.cutPower(files.changeBytes.map(() => fate));
    const log = SegmentLog.open(folder, { segmentBytes: options.segmentBytes, files: left });
    return history.copy().compare(log);
  });
}
