#!/usr/bin/env node
/** chat-load: puts load on a chat server. `chat-load --help` tells the rest. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CommanderError } from 'commander';
import { formatAddress } from '../address';
import { visibleText } from '../visible-text';
import {
  AccountFileError,
  demoAccounts,
  LoadError,
  logIn,
  probe,
  readAccounts,
  readTokens,
} from './accounts';
import { runLoad } from './engine';
import { htmlReport } from './html-report';
import type { Identity, LoadPlan } from './load-plan';
import { makeReport } from './load-report';
import type { LoadReport } from './load-report';
import { parseOptions } from './options';
import type { LoadOptions } from './options';
import { ProgressLine } from './progress';
import { reachableAddress } from './reachable-address';
import { summaryText } from './summary';
import { whole } from './text-format';
import { UsageMeter } from './usage-meter';

const exitCodes = { fine: 0, failure: 1, badUsage: 2 } as const;

// Whoever read the summary may have gone (`chat-load … | head -3`): the exit code and the report file still say how it went.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`chat-load: cannot write to standard output: ${error.message}\n`);
  process.exit(exitCodes.failure);
});
// …or the progress.
process.stderr.on('error', () => undefined);

async function main(): Promise<number> {
  const version = packageVersion();
  let options: LoadOptions;
  try {
    options = parseOptions(process.argv, version);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.fine : exitCodes.badUsage;
  }
  try {
    const report = await measure(options, version);
    // First: whatever becomes of the page, what was measured is told.
    process.stdout.write(options.json ? `${JSON.stringify(report, undefined, 2)}\n` : summaryText(report));
    if (options.reportFile !== undefined) writeReport(options.reportFile, report);
    return report.isClean ? exitCodes.fine : exitCodes.failure;
  } catch (error) {
    process.stderr.write(`chat-load: ${failureText(error as NodeJS.ErrnoException, options)}\n`);
    return error instanceof AccountFileError ? exitCodes.badUsage : exitCodes.failure;
  }
}

function writeReport(file: string, report: LoadReport): void {
  try {
    writeFileSync(file, htmlReport(report));
  } catch (error) {
    throw new LoadError(`cannot write the report: ${(error as Error).message}`);
  }
  process.stderr.write(`report written to ${file}\n`);
}

async function measure(options: LoadOptions, version: string): Promise<LoadReport> {
  const host = await reachableAddress(options.host, options.port);
  const plan: LoadPlan = { ...options, host, identities: await identitiesFor(options, host) };
  const meter = new UsageMeter(host, options.port);
  const goal =
    'requests' in plan.stop ? `${whole(plan.stop.requests)} requests` : `${plan.stop.durationMs / 1_000} s`;
  const progress = new ProgressLine(process.stderr, goal);
  const ending = new AbortController();
  const onSignal = (): void => {
    ending.abort();
  };
  process.once('SIGINT', onSignal).once('SIGTERM', onSignal);
  const startedAt = new Date();
  meter.start();
  try {
    const result = await runLoad(
      plan,
      {
        onMeasure: () => {
          meter.start();
        },
        onPoint: (point) => {
          meter.sample();
          progress.show(point);
        },
      },
      ending.signal,
    );
    return makeReport(version, plan, startedAt, result, meter);
  } finally {
    progress.finish();
    process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  }
}

/** Each account logs in once: a token works on any connection. Workloads without tokens need no login. */
async function identitiesFor(options: LoadOptions, host: string): Promise<readonly Identity[]> {
  if (options.tokensFile !== undefined) return readTokens(options.tokensFile);
  const accounts = options.usersFile === undefined ? demoAccounts : readAccounts(options.usersFile);
  const address = { host, port: options.port, tls: options.tls };
  const withoutTokens = accounts.map((account) => ({ ...account, token: '' }));
  switch (options.workload) {
    case 'chat':
    case 'send':
      return logIn(address, accounts);
    case 'login':
      // The tokens are not used; a wrong account is told before the load starts.
      await logIn(address, accounts);
      return withoutTokens;
    case 'churn':
      await probe(address);
      return withoutTokens;
  }
}

function failureText(error: NodeJS.ErrnoException, options: LoadOptions): string {
  const target = formatAddress(options);
  // What a server has said may stand in it.
  if (error instanceof LoadError) return visibleText(error.message);
  switch (error.code ?? '') {
    case 'ECONNREFUSED':
      return `nothing listens on ${target}. Start the server (chat-server --port ${options.port}), or give its address.`;
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the name ${options.host} is not known. Check the address.`;
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return `${target} does not answer (${error.code}). Check the address, and that a firewall lets it through.`;
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return `${target} does not speak TLS. Leave out --tls.`;
    case 'CERTIFICATE_UNTRUSTED':
      return `the certificate of ${target} is not trusted. How to trust it: chat-client connect --tls ${target}`;
    case 'CERTIFICATE_CHANGED':
      return `${target} shows another certificate than the one named with --tls-fingerprint.`;
    case 'EMFILE':
      return `too many open files for ${options.connections} connections. Raise the limit (ulimit -n), or use fewer.`;
    case 'ECONNRESET':
      return `${target} closed a connection while they were being opened. Does it allow ${options.connections}?`;
    default:
      return error.code === undefined
        ? (error.stack ?? error.message)
        : visibleText(`${error.message} (${error.code})`);
  }
}

function packageVersion(): string {
  const file = path.resolve(__dirname, '..', '..', '..', 'package.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`chat-load: ${error instanceof Error ? String(error.stack) : String(error)}\n`);
    process.exitCode = exitCodes.failure;
  },
);
