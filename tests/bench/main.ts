/** The benchmark: `npm run bench -- --help` tells the rest. */
import { writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { compare } from './compare';
import { comparisonMarkdown } from './compare-markdown';
import { fanOut, fanOutMarkdown } from './fan-out';
import { idleMemory, idleMemoryMarkdown } from './idle-memory';
import { loginRound, loginStorm, loginStormMarkdown } from './login-storm';
import type { LoginRound, LoginStorm } from './login-storm';
import { pushLatency, pushLatencyMarkdown } from './push-latency';
import { searchLatency, searchLatencyMarkdown } from './search-latency';
import { plainNet, product, servers } from './servers';
import type { ServerUnderTest } from './servers';
import { parseShape } from './shape';
import type { Shape } from './shape';
import { measureStart, startMarkdown } from './start-time';
import type { StartOptions } from './start-time';
import { measureSteadyState, steadyMarkdown } from './steady-state';
import type { SteadyOptions } from './steady-state';

function tell(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Prints the page, and writes the figures behind it where `--json FILE` asks for that. */
function finish(markdown: string, figures: unknown, jsonFile: string | undefined): void {
  if (jsonFile !== undefined) writeFileSync(jsonFile, `${JSON.stringify(figures, undefined, 2)}\n`);
  process.stdout.write(`\n${markdown}`);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError('Wanted a number above 0.');
  return value;
}

function wholePositive(text: string): number {
  const value = positive(text);
  if (!Number.isInteger(value)) throw new InvalidArgumentError('Wanted a whole number.');
  return value;
}

function oneShape(text: string): Shape {
  const shape = parseShape(text);
  if (shape === undefined) throw new InvalidArgumentError('Wanted connections x in flight, like 500x16.');
  return shape;
}

function shapeList(text: string): Shape[] {
  return text.split(',').map(oneShape);
}

function serverList(text: string): ServerUnderTest[] {
  return text.split(',').map((name) => {
    const server = servers.find((candidate) => candidate.name === name);
    const names = servers.map((candidate) => candidate.name).join(', ');
    if (server === undefined) throw new InvalidArgumentError(`No server "${name}"; there are ${names}.`);
    return server;
  });
}

const program = new Command('bench').description(
  'Measures the server beside reference responders, in turn, in several rounds.',
);

program
  .command('compare', { isDefault: true })
  .description('throughput and latency of the chat workload (the default)')
  .option('--rounds <n>', 'how often each server has its turn', wholePositive, 3)
  .option('--seconds <n>', 'length of each measurement', positive, 5)
  .option('--warmup <n>', 'seconds before each measurement', positive, 1)
  .option('--shapes <list>', 'connections x in flight', shapeList, shapeList('50x1,500x1,500x16'))
  .option('--only <names>', 'servers to take', serverList, servers)
  .option('--generator-threads <n>', 'threads that make the load', wholePositive, 1)
  .option('--json <file>', 'write every measurement as JSON')
  .action(
    async (options: {
      rounds: number;
      seconds: number;
      warmup: number;
      shapes: Shape[];
      only: ServerUnderTest[];
      generatorThreads: number;
      json?: string;
    }) => {
      const { only, warmup, json, ...rest } = options;
      const comparison = await compare({ ...rest, servers: only, warmupSeconds: warmup }, tell);
      finish(comparisonMarkdown(comparison), comparison, json);
    },
  );

program
  .command('idle-memory')
  .description('memory that idle connections cost (ulimit -n has to allow them)')
  .option('--connections <n>', 'how many to open', wholePositive, 10_000)
  .option('--only <names>', 'servers to take', serverList, [plainNet, product()])
  .option('--json <file>', 'write the figures as JSON')
  .action(async (options: { connections: number; only: ServerUnderTest[]; json?: string }) => {
    const results = await idleMemory(options.only, options.connections);
    finish(idleMemoryMarkdown(results), results, options.json);
  });

program
  .command('login-storm')
  .description('latency of quick commands while many log in, and logins a second by threads')
  .option('--seconds <n>', 'length of each measurement', positive, 5)
  .option('--rounds <n>', 'how often logins are counted with one thread and with two', wholePositive, 3)
  .option('--only <names>', 'servers for the storm', serverList, [product()])
  .option('--json <file>', 'write the figures as JSON')
  .action(async (options: { seconds: number; rounds: number; only: ServerUnderTest[]; json?: string }) => {
    const storms: LoginStorm[] = [];
    for (const server of options.only) {
      storms.push(await loginStorm(server, options.seconds));
      tell(`${server.name}: storm over`);
    }
    const rounds: LoginRound[] = [];
    for (let round = 1; round <= options.rounds; round += 1) {
      rounds.push(await loginRound(options.seconds));
      tell(`logins: round ${round}/${options.rounds}`);
    }
    finish(loginStormMarkdown(storms, rounds), { storms, rounds }, options.json);
  });

program
  .command('start')
  .description('how long a start takes: tables to load and a journal to replay')
  .option('--accounts <n>', 'how many', wholePositive, 100_000)
  .option('--unread <n>', 'unread messages in the tables', wholePositive, 1_000_000)
  .option('--journal <MiB>', 'records that the tables have not taken over', wholePositive, 256)
  .option('--rounds <n>', 'how often to start', wholePositive, 3)
  .option('--json <file>', 'write the figures as JSON')
  .action(async ({ json, ...options }: StartOptions & { json?: string }) => {
    const figures = await measureStart(options, tell);
    finish(startMarkdown(figures), figures, json);
  });

program
  .command('steady')
  .description('whether throughput lasts while the tables are updated, and what a message costs on the disk')
  .option('--shape <shape>', 'connections x in flight', oneShape, oneShape('500x1'))
  .option('--seconds <n>', 'length of the long measurement', positive, 180)
  .option('--reference-seconds <n>', 'length of the short ones', positive, 10)
  .option('--json <file>', 'write the figures as JSON')
  .action(async ({ json, ...options }: SteadyOptions & { json?: string }) => {
    const figures = await measureSteadyState(options, tell);
    finish(steadyMarkdown(figures), figures, json);
  });

program
  .command('search')
  .description('latency of search and history over much history')
  .option('--messages <n>', 'how many to search', wholePositive, 1_000_000)
  .option('--requests <n>', 'how many of each kind', wholePositive, 500)
  .option('--json <file>', 'write the figures as JSON')
  .action(async (options: { messages: number; requests: number; json?: string }) => {
    const latency = await searchLatency(options.messages, options.requests, tell);
    finish(searchLatencyMarkdown(latency), latency, options.json);
  });

program
  .command('push')
  .description('time from send to OK and to the subscriber’s frame')
  .option('--subscribers <n>', 'how many are connected', wholePositive, 1_000)
  .option('--seconds <n>', 'length of the measurement', positive, 10)
  .option('--json <file>', 'write the figures as JSON')
  .action(async (options: { subscribers: number; seconds: number; json?: string }) => {
    const latency = await pushLatency(options.subscribers, options.seconds);
    finish(pushLatencyMarkdown(latency), latency, options.json);
  });

program
  .command('fan-out')
  .description('deliveries a second in one room, beside a plain server')
  .option('--members <n>', 'how many are connected', wholePositive, 1_000)
  .option('--seconds <n>', 'length of each measurement', positive, 5)
  .option('--rounds <n>', 'how often each server has its turn', wholePositive, 3)
  .option('--json <file>', 'write the figures as JSON')
  .action(async (options: { members: number; seconds: number; rounds: number; json?: string }) => {
    const figures = await fanOut(options.members, options.seconds, options.rounds);
    finish(fanOutMarkdown(figures), figures, options.json);
  });

program.parseAsync().catch((error: unknown) => {
  tell(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
});
