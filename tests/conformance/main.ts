#!/usr/bin/env node
import { Command, InvalidArgumentError } from 'commander';
import { LineSocket, type Address } from '../support/line-socket';
import { parseAccount, seedCast, type Account, type Cast } from './account';
import { allCases } from './all-cases';
import { runCase, type CaseResult } from './run-case';

interface Options {
  readonly user?: readonly Account[];
  readonly maxLine: number;
  readonly timeout: number;
  readonly only?: string;
  readonly tls?: boolean;
}

const exitUsage = 2;

const examples = `
Examples:
  npm run conformance -- localhost:8889
  npm run conformance -- chat.example:8889 --user ani:rahasia:"Ani Wijaya" --user budi:rahasia2 --user cici:rahasia3
  npm run conformance -- localhost:8889 --only inbox
  npm run conformance -- --tls localhost:8889

The three accounts must exist; by default they are the seed's (messi, henderson, lineker, all "surabaya"). Their unread
messages are read and dropped. Where the server allows registration, a few accounts named conf-… and numbers are left.
Exit code: 0 all passed, 1 a case failed or the server cannot be reached, 2 bad usage.`;

/** Runs the table of cases against any host:port and reports one line a case. */
async function main(): Promise<void> {
  const program = new Command('conformance')
    .description('Checks a chat server, byte for byte, against sections 1 to 3 of PROTOCOL.md.')
    .argument('<host:port>', 'the server to check', parseAddress)
    .option('--user <name:password[:display name]>', 'an account to use; give it three times', collectAccount)
    .option('--max-line <bytes>', "the server's own --max-line", parseCount, 8_192)
    .option('--timeout <ms>', 'how long to wait for each reply', parseCount, 10_000)
    .option('--tls', 'encrypt, whatever certificate the server shows')
    .option('--only <text>', 'run only the cases whose name contains this text')
    .addHelpText('after', examples)
    .exitOverride((error) => process.exit(error.exitCode === 0 ? 0 : exitUsage));
  program.parse();
  const options = program.opts<Options>();
  const cast = castOf(options.user) ?? program.error('give --user three times, or not at all');
  const [target] = program.processedArgs as [Address];
  const address = options.tls === true ? { ...target, encryption: { rejectUnauthorized: false } } : target;
  process.exitCode = await report(address, cast, options);
}

async function report(address: Address, cast: Cast, options: Options): Promise<number> {
  const unreachable = await whyUnreachable(address);
  if (unreachable !== undefined) {
    process.stderr.write(`cannot connect to ${address.host}:${address.port}: ${unreachable}\n`);
    return 1;
  }
  const settings = { address, cast, lineBytesMax: options.maxLine, replyTimeoutMs: options.timeout };
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const testCase of allCases) {
    if (options.only !== undefined && !testCase.name.includes(options.only)) continue;
    const result = await runCase(testCase, settings);
    counts[result.outcome] += 1;
    process.stdout.write(`${describeResult(`${testCase.section}. ${testCase.name}`, result)}\n`);
  }
  const skipped = counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
  process.stdout.write(`${counts.passed} passed, ${counts.failed} failed${skipped}\n`);
  return counts.failed === 0 ? 0 : 1;
}

function describeResult(name: string, result: CaseResult): string {
  switch (result.outcome) {
    case 'passed':
      return `ok    ${name}`;
    case 'skipped':
      return `skip  ${name} (${result.reason})`;
    case 'failed':
      return `FAIL  ${name}\n${indented(result.error.message)}`;
  }
}

function indented(text: string): string {
  return text.replace(/^/gm, '        ');
}

async function whyUnreachable(address: Address): Promise<string | undefined> {
  try {
    (await LineSocket.connect(address)).destroy();
    return undefined;
  } catch (reason) {
    return reason instanceof Error ? reason.message : String(reason);
  }
}

function castOf(accounts: readonly Account[] | undefined): Cast | undefined {
  if (!accounts) return seedCast;
  const [messi, henderson, lineker, ...others] = accounts;
  return messi && henderson && lineker && others.length === 0 ? { messi, henderson, lineker } : undefined;
}

function collectAccount(text: string, earlier: readonly Account[] = []): readonly Account[] {
  const account = parseAccount(text);
  if (!account) throw new InvalidArgumentError('write it as name:password or name:password:display name');
  return [...earlier, account];
}

function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port < 1 || port > 65_535) throw new InvalidArgumentError('write it as host:port');
  return { host: (match[1] ?? match[2])!, port };
}

function parseCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1) throw new InvalidArgumentError('give a whole number above 0');
  return count;
}

void main();
