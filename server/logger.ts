/**
 * The log: structured, on standard error, so that standard output stays for the start lines. Pretty on a terminal,
 * JSON otherwise. Never a password, a token or a message text: what is logged is chosen field by field.
 */
import { Writable } from 'node:stream';
import type pino from 'pino';

export type Logger = pino.Logger;
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = 'pretty' | 'json';

/** What is kept of lines that cannot be written, until they can. */
const keptBytesMax = 1_048_576;

/** Loads what it needs only now: most commands of an operator, and `--help`, log nothing. */
export async function createLogger(level: LogLevel, format: LogFormat): Promise<Logger> {
  const { pino } = await import('pino');
  // Synchronous: a line about a failure must be out before the process is.
  const file = pino.destination({ dest: 2, sync: true, maxLength: keptBytesMax });
  const standardError = neverFailing(file);
  const stream = format === 'pretty' ? await prettyPrinter(standardError) : standardError;
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

type LogFile = ReturnType<typeof pino.destination>;

/** Its disk may be full, or its terminal closed: a line is lost then, or comes late, and the server goes on. */
function neverFailing(file: LogFile): Writable {
  file.on('error', () => undefined);
  return new Writable({
    decodeStrings: false,
    write(line: string | Buffer, _encoding, done) {
      file.write(String(line));
      done();
    },
  });
}

async function prettyPrinter(destination: Writable): Promise<pino.DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    destination,
    colorize: useColour(),
    ignore: 'pid,hostname',
    translateTime: 'HH:MM:ss.l',
  });
}

function useColour(): boolean {
  return process.stderr.isTTY && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';
}
