/** What the figures were taken on. */
import { cpus, release, totalmem } from 'node:os';

export interface Machine {
  readonly processors: string;
  readonly memoryGibibytes: number;
  readonly system: string;
  readonly node: string;
  readonly command: string;
  readonly takenAt: string;
}

export function describeMachine(): Machine {
  const processors = cpus();
  return {
    processors: `${processors.length} × ${processors[0]?.model.trim() ?? 'unknown'}`,
    memoryGibibytes: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${release()} ${process.arch}`,
    node: process.version,
    command: ['npm run bench', ...(process.argv.length > 2 ? ['--', ...process.argv.slice(2)] : [])].join(
      ' ',
    ),
    takenAt: new Date().toISOString(),
  };
}

export function machineMarkdown(machine: Machine): string {
  return [
    `- Machine: ${machine.processors}, ${machine.memoryGibibytes} GiB, ${machine.system}; load generator on the same machine`,
    `- Node.js ${machine.node}`,
    `- Taken ${machine.takenAt} with \`${machine.command}\``,
  ].join('\n');
}
