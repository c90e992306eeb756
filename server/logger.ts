/**
 * The log: structured, on standard error, so that standard output stays for the start lines. Pretty on a terminal,
 * JSON otherwise. Never a password, a token or a message text: what is logged is chosen field by field.
 */
import type pino from 'pino';

export type Logger = pino.Logger;
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = 'pretty' | 'json';

/** Loads what it needs only now: most commands of an operator, and `--help`, log nothing. */
export async function createLogger(level: LogLevel, format: LogFormat): Promise<Logger> {
  const { pino } = await import('pino');
  // Synchronous: a line about a failure must be out before the process is.
  const stream = format === 'pretty' ? await prettyStream() : pino.destination({ dest: 2, sync: true });
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

async function prettyStream(): Promise<pino.DestinationStream> {
  const { default: pretty } = await import('pino-pretty');
  return pretty({
    destination: 2,
    sync: true,
    colorize: useColour(),
    ignore: 'pid,hostname',
    translateTime: 'HH:MM:ss.l',
  });
}

function useColour(): boolean {
  return process.stderr.isTTY && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';
}
