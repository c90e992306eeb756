/**
 * `chat-server user …`: the accounts, while the server runs and while it is stopped.
 */
import { type Command, Option } from 'commander';
import {
  type Account,
  type Checked,
  checkDisplayName,
  checkUsername,
  readAccountLines,
} from '../account-rules';
import { readAccountFile } from '../accounts';
import { operatorCommandLine } from '../operator-command-line';
import type { ServerOptions } from '../options';
import { exitCode, type ExitCode, StartError } from '../start-error';
import { accountsPerRequestMax, type AdminService, type Outcome } from './admin-service';
import { dataOption, examples, type OperatorContext } from './operator-context';
import { confirm, readNewPassword } from './secret-input';
import { withAdministration } from './open-administration';

const passwordHelp =
  '\nThe password is asked for twice on a terminal and not shown; otherwise it is one line of standard input.' +
  '\nIt never stands on the command line, where everybody could read it.';

export function addUserCommands(program: Command, context: OperatorContext): void {
  const user = program
    .command('user')
    .description('the accounts: add, list, passwd, remove, import; the server may be running or stopped')
    .addHelpText('after', examples(['user add ana --name "Ana Anjani"', 'user list', 'user remove ana']));
  const command = (name: string, description: string, lines: readonly string[], more = ''): Command =>
    user
      .command(name)
      .description(description)
      .addOption(dataOption())
      .addHelpText('after', more + examples(lines));

  command(
    'add <name>',
    'create an account',
    ['user add ana --name "Ana Anjani"', 'user add ana < password.txt'],
    passwordHelp,
  )
    .addOption(new Option('--name <text>', 'the name that others see; the username unless given'))
    .action((name: string, { name: displayName }: { name?: string }) => {
      context.choose((options) => add(context, options, name, displayName));
    });
  command('list', 'list the accounts, with their sessions and unread messages', [
    'user list',
    'user list --json',
  ])
    .addOption(new Option('--json', 'one JSON object a line: username, name, sessions, unread'))
    .action(({ json }: { json?: boolean }) => {
      context.choose((options) => list(context, options, json ?? false));
    });
  command(
    'passwd <name>',
    'change a password; ends the user’s sessions',
    ['user passwd ana'],
    passwordHelp,
  ).action((name: string) => {
    context.choose((options) => changePassword(context, options, name));
  });
  command('remove <name>', 'remove an account, its sessions and its unread messages', [
    'user remove ana --yes',
  ])
    .addOption(new Option('--yes', 'do not ask'))
    .action((name: string, { yes }: { yes?: boolean }) => {
      context.choose((options) => remove(context, options, name, yes ?? false));
    });
  command(
    'import <file>',
    'create the accounts of a file that are missing',
    ['user import users.jsonl'],
    '\nThe file has one JSON object a line: {"username": "ana", "password": "…", "name": "Ana Anjani"}.' +
      '\nKeep it readable by its owner only. Accounts that exist are left as they are.',
  ).action((file: string) => {
    context.choose((options) => importFile(context, options, file));
  });
}

async function add(
  context: OperatorContext,
  options: ServerOptions,
  name: string,
  displayName: string | undefined,
): Promise<void> {
  const username = required('a username', checkUsername(name));
  const display = required('--name', checkDisplayName(displayName ?? username));
  const password = await readNewPassword(username);
  const account: Account = { username, password, displayName: display };
  await withAdministration({ ...context, server: options, mayCreate: true }, async ({ service }) => {
    const [outcome] = await service.addAccounts([account]);
    requireDone(outcome!, username, options);
  });
  print(`created ${username}`);
}

async function changePassword(context: OperatorContext, options: ServerOptions, name: string): Promise<void> {
  const username = required('a username', checkUsername(name));
  const password = await readNewPassword(username);
  await withAdministration({ ...context, server: options, mayCreate: false }, async ({ service }) => {
    requireDone(await service.setPassword(username, password), username, options);
  });
  print(`changed the password of ${username}; its sessions have ended`);
}

async function remove(
  context: OperatorContext,
  options: ServerOptions,
  name: string,
  isSure: boolean,
): Promise<void> {
  const username = required('a username', checkUsername(name));
  if (!isSure && !(await confirm(`Remove ${username}, with its sessions and unread messages?`)))
    throw new StartError('nothing was removed', exitCode.unexpected);
  await withAdministration({ ...context, server: options, mayCreate: false }, async ({ service }) => {
    requireDone(await service.removeUser(username), username, options);
  });
  print(`removed ${username}`);
}

async function list(context: OperatorContext, options: ServerOptions, isJson: boolean): Promise<void> {
  await withAdministration({ ...context, server: options, mayCreate: false }, async ({ service }) => {
    if (!isJson) print(`${'USERNAME'.padEnd(32)} ${'SESSIONS'.padStart(8)} ${'UNREAD'.padStart(8)}  NAME`);
    for await (const { username, displayName, sessions, unread } of service.listUsers()) {
      const name = JSON.parse(`"${displayName}"`) as string;
      print(
        isJson
          ? JSON.stringify({ username, name, sessions, unread })
          : `${username.padEnd(32)} ${String(sessions).padStart(8)} ${String(unread).padStart(8)}  ${name}`,
      );
    }
  });
}

async function importFile(context: OperatorContext, options: ServerOptions, file: string): Promise<void> {
  const lines = readAccountLines(readAccountFile(file));
  const outcomes = new Map<number, string>();
  const accounts: { number: number; account: Account }[] = [];
  for (const { number, account } of lines) {
    if ('problem' in account) outcomes.set(number, `failed: ${account.problem}`);
    else accounts.push({ number, account: account.value });
  }
  const passwordCount = accounts.length;
  await withAdministration(
    { ...context, server: options, mayCreate: true, passwordCount },
    async ({ service }) => {
      for (let start = 0; start < accounts.length; start += accountsPerRequestMax)
        await importSome(service, options, accounts.slice(start, start + accountsPerRequestMax), outcomes);
    },
  );
  const counts = { created: 0, existing: 0, failed: 0 };
  for (const { number } of lines) {
    const outcome = outcomes.get(number)!;
    if (outcome.startsWith('created')) counts.created += 1;
    else if (outcome.startsWith('existing')) counts.existing += 1;
    else counts.failed += 1;
    print(`${file}:${number}: ${outcome}`);
  }
  print(`${counts.created} created, ${counts.existing} existing, ${counts.failed} failed`);
  if (counts.failed > 0)
    throw new StartError(
      `${counts.failed} of ${lines.length} accounts were not created; correct them and import the file again`,
      exitCode.badUsage,
    );
}

async function importSome(
  service: AdminService,
  options: ServerOptions,
  accounts: readonly { readonly number: number; readonly account: Account }[],
  outcomes: Map<number, string>,
): Promise<void> {
  const results = await service.addAccounts(accounts.map(({ account }) => account));
  for (const [index, { number, account }] of accounts.entries()) {
    const outcome = results[index]!;
    if (outcome === 'OK') outcomes.set(number, `created ${account.username}`);
    else if (outcome === 'USER_EXISTS') outcomes.set(number, `existing ${account.username}`);
    else outcomes.set(number, `failed: ${refusal(outcome, account.username, options).message}`);
  }
}

function required<Value>(what: string, checked: Checked<Value>): Value {
  if ('problem' in checked) throw new StartError(`${what} ${checked.problem}`, exitCode.badUsage);
  return checked.value;
}

function requireDone(outcome: Outcome, username: string, options: ServerOptions): void {
  if (outcome !== 'OK') throw refusal(outcome, username, options);
}

/** Why something was not done, and what to do next: the command, if there is one, ends the sentence. */
const refusals: Partial<
  Record<Outcome, { readonly reason: string; readonly command?: string; readonly code: ExitCode }>
> = {
  USER_EXISTS: {
    reason: 'there is an account NAME already. Its password: ',
    command: 'user passwd NAME',
    code: exitCode.badUsage,
  },
  NO_SUCH_USER: {
    reason: 'there is no account NAME. Who there is: ',
    command: 'user list',
    code: exitCode.badUsage,
  },
  STORE_FULL: {
    reason: 'the store is full: start the server with more --memory',
    code: exitCode.unexpected,
  },
  BUSY: {
    reason: 'the disk takes nothing now, and nothing was changed. Make room on it and try again.',
    code: exitCode.unexpected,
  },
};

function refusal(outcome: Outcome, username: string, { data }: ServerOptions): StartError {
  const { reason, command, code } = refusals[outcome] ?? {
    reason: `it was refused (${outcome})`,
    command: undefined,
    code: exitCode.unexpected,
  };
  const hint = command === undefined ? '' : operatorCommandLine(data, command.replaceAll('NAME', username));
  return new StartError(reason.replaceAll('NAME', username) + hint, code);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
