/**
 * `chat-server limits`: who is held back, and how to let them go on.
 */
import { type Command, Option } from 'commander';
import type { HeldBack } from '../limits/limits';
import { operatorCommandLine } from '../operator-command-line';
import type { ServerOptions } from '../options';
import { exitCode, StartError } from '../start-error';
import { limitTarget } from './control-protocol';
import { withAdministration } from './open-administration';
import { dataOption, examples, type OperatorContext } from './operator-context';

const help =
  '\nA line is one count that holds attempts back: of an account at an address, of an account whatever the' +
  '\naddress (*), or of an address whatever the account (*). A name that begins with ? is one that nobody has.';

export function addLimitCommands(program: Command, context: OperatorContext): void {
  const limits = program
    .command('limits')
    .description('who is held back for failed logins or too many registrations; the server may be stopped')
    .addOption(dataOption())
    .addOption(new Option('--json', 'one JSON object a line: what, account, address, count, retryMs'))
    .addHelpText('after', help + examples(['limits', 'limits clear', 'limits clear messi']))
    .action(({ json }: { json?: boolean }) => {
      context.choose((options) => list(context, options, json ?? false));
    });
  limits
    .command('clear [account|address]')
    .description('forget what was counted of an account or an address; of all, when none is named')
    .addOption(dataOption())
    .addHelpText('after', examples(['limits clear', 'limits clear messi', 'limits clear 203.0.113.7']))
    .action((target?: string) => {
      context.choose((options) => clear(context, options, target));
    });
}

async function list(context: OperatorContext, options: ServerOptions, isJson: boolean): Promise<void> {
  await withAdministration({ ...context, server: options, mayCreate: false }, async ({ service }) => {
    if (!isJson) print(row('WHAT', 'ACCOUNT', 'ADDRESS', 'COUNT', 'NEXT'));
    for await (const held of service.listLimits()) print(isJson ? JSON.stringify(held) : describe(held));
  });
}

async function clear(
  context: OperatorContext,
  options: ServerOptions,
  target: string | undefined,
): Promise<void> {
  if (target !== undefined && !limitTarget.test(target))
    throw new StartError(
      `${JSON.stringify(target)} is neither a username nor an address. ` +
        `Who is held back: ${operatorCommandLine(options.data, 'limits')}`,
      exitCode.badUsage,
    );
  await withAdministration({ ...context, server: options, mayCreate: false }, async ({ service }) => {
    const count = await service.clearLimits(target);
    print(`cleared ${count} ${count === 1 ? 'count' : 'counts'}`);
  });
}

function describe({ what, account, address, count, retryMs }: HeldBack): string {
  const next = retryMs === 0 ? 'now' : `in ${Math.ceil(retryMs / 1_000)} s`;
  return row(what, account ?? '*', address ?? '*', String(count), next);
}

function row(what: string, account: string, address: string, count: string, next: string): string {
  return `${what.padEnd(12)} ${account.padEnd(32)} ${address.padEnd(24)} ${count.padStart(5)}  ${next}`;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
