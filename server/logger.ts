/**
 * The log: structured, on standard error, so that standard output stays for the start lines. Pretty on a terminal,
 * JSON otherwise. Never a password, a token or a message text: what is logged is chosen field by field.
 */
import pino from 'pino';
import pretty from 'pino-pretty';

export type Logger = pino.Logger;
export const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = 'pretty' | 'json';

export function createLogger(level: LogLevel, format: LogFormat): Logger {
  // Synchronous: a line about a failure must be out before the process is.
  const stream =
    format === 'pretty'
      ? pretty({
          destination: 2,
          sync: true,
          colorize: useColour(),
          ignore: 'pid,hostname',
          translateTime: 'HH:MM:ss.l',
        })
      : pino.destination({ dest: 2, sync: true });
  return pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, stream);
}

function useColour(): boolean {
  return process.stderr.isTTY && process.env.NO_COLOR === undefined && process.env.TERM !== 'dumb';
}
