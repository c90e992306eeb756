/**
 * Whether the throughput of the first seconds lasts: minutes of load while the tables take over what the journal has,
 * between two short measurements; and what a message costs on the disk.
 */
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type LoadOutcome, runLoad } from '../../client/load/engine';
import { duration, fixed, mebibytes, whole } from '../../client/load/text-format';
import { dataFolders } from '../../shared/journal/data-folders';
import { deviceBytes, folderBytes, writtenByThreads } from './disk-usage';
import { describeMachine, machineMarkdown } from './machine';
import { markdownTable } from './markdown-table';
import { durableProduct } from './servers';
import { type Shape, shapeName } from './shape';
import { median } from './statistics';
import { type StartedServer, withServer } from './started-server';

export interface SteadyOptions {
  readonly shape: Shape;
  readonly seconds: number;
  readonly referenceSeconds: number;
}

interface DiskUse {
  readonly messageCount: number;
  /** By the server, from its start to when the tables have taken over all of it. */
  readonly writtenBytes: number;
  /** On the disk, by the server and by whoever else writes there meanwhile. */
  readonly deviceBytes: number;
  readonly tableBytes: number;
  readonly journalBytes: number;
}

export interface SteadyFigures {
  readonly options: SteadyOptions;
  /** Before and after the long one, each on a server of its own. */
  readonly references: readonly LoadOutcome[];
  readonly steady: LoadOutcome;
  readonly disk: DiskUse;
}

const messageBytes = 32;
const warmupSeconds = 2;
/** The table thread takes over whatever is left when it has waited for ten seconds. */
const catchUpMs = 15_000;

export async function measureSteadyState(
  options: SteadyOptions,
  tell: (line: string) => void,
): Promise<SteadyFigures> {
  const reference = async (): Promise<LoadOutcome> => {
    const outcome = await withServer(durableProduct, (started) =>
      load(started, options.shape, options.referenceSeconds),
    );
    tell(`${duration(options.referenceSeconds)}: ${whole(outcome.requestsPerSecond)} requests/s`);
    return outcome;
  };
  const before = await reference();
  const { steady, disk } = await withServer(durableProduct, async (started) => {
    const deviceBefore = deviceBytes(started.folder);
    const outcome = await load(started, options.shape, options.seconds);
    tell(`${duration(options.seconds)}: ${whole(outcome.requestsPerSecond)} requests/s`);
    await delay(catchUpMs);
    return { steady: outcome, disk: diskUse(started, outcome, deviceBefore) };
  });
  return { options, references: [before, await reference()], steady, disk };
}

function load(started: StartedServer, shape: Shape, seconds: number): Promise<LoadOutcome> {
  return runLoad({
    ...shape,
    host: '127.0.0.1',
    port: started.port,
    workload: 'chat',
    stop: { durationMs: seconds * 1_000 },
    warmupMs: warmupSeconds * 1_000,
    messageBytes,
    ratePerSecond: 0,
    generatorThreads: 1,
    identities: started.identities,
  });
}

/** All that the server has done since it started, the warm-up too. */
function diskUse(
  started: StartedServer,
  { requestCount, measuredMs, latencyMsByCommand }: LoadOutcome,
  deviceBefore: number,
): DiskUse {
  const folders = dataFolders(path.resolve(started.folder));
  const share = (latencyMsByCommand.send?.count ?? 0) / requestCount;
  const perMs = requestCount / measuredMs;
  return {
    messageCount: perMs * share * (measuredMs + warmupSeconds * 1_000),
    writtenBytes: writtenByThreads(started.pid),
    deviceBytes: deviceBytes(started.folder) - deviceBefore,
    tableBytes: folderBytes(folders.tables),
    journalBytes: folderBytes(folders.journal),
  };
}

export function steadyMarkdown({ options, references, steady, disk }: SteadyFigures): string {
  const reference = median(references.map((outcome) => outcome.requestsPerSecond));
  const row = (name: string, outcome: LoadOutcome): string[] => {
    const { requestsPerSecond, latencyMs, errors } = outcome;
    const errorCount = Object.values(errors).reduce((sum, count) => sum + count, 0);
    const figures = [latencyMs.p50, latencyMs.p99, latencyMs.max].map(fixed);
    const ratio = (requestsPerSecond / reference).toFixed(2);
    return [name, whole(requestsPerSecond), ratio, ...figures, whole(errorCount)];
  };
  const seconds = `${options.referenceSeconds} s`;
  const rows = [
    row(`${seconds}, before`, references[0]!),
    row(`${options.seconds} s`, steady),
    row(`${seconds}, after`, references[1]!),
    ...['first', 'last'].map((end) => endOfSeries(end, options, steady, reference)),
  ];
  const perMessage = (bytes: number): string => `${whole(bytes / disk.messageCount)} B`;
  return [
    machineMarkdown(describeMachine()),
    `- ${shapeName(options.shape)}, \`${durableProduct.name}\`, 15 \`send\` of ${messageBytes} B to 1 \`inbox\`; ` +
      'ratios to the mean of the two short measurements',
    '',
    markdownTable(['measured for', 'requests/s', 'ratio', 'p50 ms', 'p99 ms', 'max ms', 'errors'], rows),
    '',
    `The long one, about ${whole(disk.messageCount)} messages with its warm-up, once the tables had taken over all of them:`,
    '',
    markdownTable(
      ['', 'bytes', 'a message', 'a byte of text'],
      [
        ['written to files by the server', disk.writtenBytes],
        ['written to the disk, by anybody', disk.deviceBytes],
        ['kept in the tables', disk.tableBytes],
        ['kept in the journal', disk.journalBytes],
      ].map(([name, bytes]) => [
        String(name),
        mebibytes(Number(bytes)),
        perMessage(Number(bytes)),
        (Number(bytes) / disk.messageCount / messageBytes).toFixed(2),
      ]),
    ),
    '',
  ].join('\n');
}

/** The first or the last seconds of the long measurement, as many as the short ones have. */
function endOfSeries(
  end: string,
  options: SteadyOptions,
  { series }: LoadOutcome,
  reference: number,
): string[] {
  const limit = options.referenceSeconds;
  const points = series.filter(({ atSeconds }) =>
    end === 'first' ? atSeconds <= limit : atSeconds > options.seconds - limit,
  );
  const rate = points.reduce((sum, point) => sum + point.requestsPerSecond, 0) / points.length;
  const max = Math.max(...points.map((point) => point.max));
  const middle = (pick: (point: (typeof points)[number]) => number): string =>
    fixed(median(points.map(pick)));
  const errors = points.reduce((sum, point) => sum + point.errorCount, 0);
  const [p50, p99] = [middle((point) => point.p50), middle((point) => point.p99)];
  return [
    `its ${end} ${limit} s`,
    whole(rate),
    (rate / reference).toFixed(2),
    p50,
    p99,
    fixed(max),
    whole(errors),
  ];
}
