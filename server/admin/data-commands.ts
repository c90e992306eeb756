/**
 * `chat-server backup`, `check` and `export`.
 */
import path from 'node:path';
import type { Command } from 'commander';
import type { CheckReport } from '../../shared/journal/inspect-messages';
import { checkUsername } from '../account-rules';
import { chooseAccounts } from '../accounts';
import { operatorCommandLine } from '../operator-command-line';
import type { ServerOptions } from '../options';
import { requireOwnFiles, requireUsableFolder } from '../data-folder';
import { exitCode, StartError } from '../start-error';
import { chooseCertificate, loadIdentity } from '../tls/certificate-source';
import { expiryOf } from '../tls/tls-identity';
import { inspect } from './inspection';
import { hasData, withAdministration, withOwner } from './open-administration';
import { dataOption, examples, type OperatorContext } from './operator-context';

const labelWidth = 14;

export function addDataCommands(program: Command, context: OperatorContext): void {
  const command = (name: string, description: string, more: string, lines: readonly string[]): Command =>
    program
      .command(name)
      .description(description)
      .addOption(dataOption())
      .addHelpText('after', more + examples(lines));

  command(
    'backup <dir>',
    'copy the data to an empty or missing folder; the server may be running or stopped',
    '\nThe copy holds everything acknowledged before the command began, and is a data directory itself.' +
      '\nA running server writes it: the folder must be one that the server may write to.',
    ['backup /var/backups/benang/2026-01-31', '--data /var/lib/benang backup /mnt/copy'],
  ).action((folder: string) => {
    context.choose((options) => backup(context, options, folder));
  });
  command(
    'check',
    'check configuration and data, and say what is wrong; exit code 4 when the data is damaged',
    '\nOf a stopped server it reads everything: tables, journal, and what a start would make of them.' +
      '\nOf a running one it reads the tables; the journal is left for when the server is stopped.',
    ['check', 'check --config chat.json', '--data /mnt/copy check'],
  ).action(() => {
    context.choose(check);
  });
  command(
    'export <user>',
    'write one user’s data to standard output, as JSON lines; the server may be running or stopped',
    '\nThe first line is the account; then come its rooms, unread messages, history. No password, no token.',
    ['export ana > ana.jsonl'],
  ).action((user: string) => {
    context.choose((options) => exportUser(context, options, user));
  });
}

async function backup(context: OperatorContext, options: ServerOptions, folder: string): Promise<void> {
  const target = path.resolve(folder);
  await withAdministration({ ...context, server: options, mayCreate: false }, ({ service }) =>
    service.backup(target),
  );
  print(`copied ${path.resolve(options.data)} to ${target}`);
}

async function exportUser(context: OperatorContext, options: ServerOptions, user: string): Promise<void> {
  const username = checkUsername(user);
  if ('problem' in username) throw new StartError(`a username ${username.problem}`, exitCode.badUsage);
  await withAdministration({ ...context, server: options, mayCreate: false }, async ({ service }) => {
    await service.catchUp();
    const answer = await inspect({ kind: 'export', folder: options.data, username: username.value });
    if (answer.kind === 'exported' && answer.lines > 0) return;
    throw new StartError(
      `there is no account ${username.value}. Who there is: ${operatorCommandLine(options.data, 'user list')}`,
      exitCode.badUsage,
    );
  });
}

/** The options themselves have been read without an error by now. */
async function check(options: ServerOptions): Promise<void> {
  const { data, memory, threads, maxInbox, ephemeral } = options;
  const folder = path.resolve(data);
  chooseAccounts(options, 1);
  const certificate = chooseCertificate(options);
  if (certificate?.kind === 'files') {
    const expiry = expiryOf(loadIdentity(certificate));
    say(
      'Certificate',
      `${expiry < new Date() ? 'expired since' : 'fine, valid until'} ${expiry.toISOString()}`,
    );
  }
  say('Configuration', options.config === undefined ? 'fine' : `fine, with ${options.config}`);
  if (!hasData(data)) {
    // In another user's directory the data may be there, and only hidden from this one.
    requireOwnFiles(data);
    requireUsableFolder(data);
    say('Data', `there is none in ${folder} yet`);
    return;
  }
  await withOwner(
    data,
    async (server) => {
      say('Data', `${folder}, in use by a running server`);
      await server.catchUp();
      await report(folder, { kind: 'checkTables', folder: data });
      say('Not checked', 'the journal, which is being written: stop the server and check again');
    },
    async () => {
      say('Data', `${folder}, no server runs on it`);
      say('As by a start', `with --memory ${memory}, --threads ${threads}, --max-inbox ${maxInbox}`);
      await report(folder, { kind: 'checkAll', folder: data, memory, threads, maxInbox, ephemeral });
    },
  );
}

async function report(folder: string, task: Parameters<typeof inspect>[0]): Promise<void> {
  const answer = await inspect(task);
  if (answer.kind !== 'report') throw new Error(`a check answered ${answer.kind}`);
  const { findings, figures }: CheckReport = answer.report;
  for (const [label, text] of figures) say(label, text);
  for (const finding of findings) say('Damaged', finding);
  if (findings.length === 0) {
    say('Damage', 'none');
    return;
  }
  throw new StartError(
    `the data in ${folder} is damaged, as said above. Keep a copy of it as it is, then restore a backup.`,
    exitCode.dataUnavailable,
  );
}

function say(label: string, text: string): void {
  print(`${label.padEnd(labelWidth)} ${text}`);
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}
