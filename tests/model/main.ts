/**
 * `npm run model`: checks the model of the lock with Debian's `spin`, then that the model notices what is left out.
 * Exit 1: a property does not hold, or a flaw goes unnoticed. Exit 3: `spin` or a C compiler is missing.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

interface Check {
  readonly title: string;
  readonly defines: readonly string[];
  /** What `spin` has to say of it; undefined when nothing may be wrong. */
  readonly error?: RegExp;
}

// Compiled to dist/tests/model/.
const modelFile = path.resolve(__dirname, '..', '..', '..', 'tests', 'model', 'lock.pml');
/** Longer than any run of the model. */
const depthMax = 1_000_000;
const runTimeoutMs = 600_000;

const checks: readonly Check[] = [
  { title: '2 threads, 2 rounds each', defines: ['THREADS=2', 'ROUNDS=2'] },
  { title: '3 threads', defines: [] },
  {
    title: 'flaw: recovery wakes nobody',
    defines: ['THREADS=2', 'NO_WAKE_ALL'],
    error: /invalid end state/,
  },
  {
    title: 'flaw: recovery undoes nothing',
    defines: ['THREADS=2', 'NO_UNDO'],
    error: /assertion violated/,
  },
  {
    title: 'flaw: who has slept takes the lock as uncontended',
    defines: ['NO_CONTENDED'],
    error: /invalid end state/,
  },
];

process.exitCode = main();

function main(): number {
  for (const tool of ['spin', 'gcc']) {
    if (run(tool, [tool === 'spin' ? '-V' : '--version'], '.') !== undefined) continue;
    process.stderr.write(`npm run model needs ${tool}: apt-get install spin gcc\n`);
    return 3;
  }
  const folder = mkdtempSync(path.join(tmpdir(), 'benang-model-'));
  try {
    return checks.map((check) => carryOut(check, folder)).every(Boolean) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Generates the verifier, compiles and runs it; prints a line and returns whether all is as it has to be. */
function carryOut({ title, defines, error }: Check, folder: string): boolean {
  const steps: readonly (readonly [string, readonly string[]])[] = [
    ['spin', [...defines.map((define) => `-D${define}`), '-a', modelFile]],
    ['gcc', ['-O2', '-w', '-DCOLLAPSE', '-o', 'pan', 'pan.c']],
    [path.join(folder, 'pan'), [`-m${depthMax}`]],
  ];
  let output = '';
  for (const [file, args] of steps) output = run(file, args, folder) ?? '';
  const errors = /errors: (\d+)/.exec(output)?.[1];
  const states = /(\d+) states, stored/.exec(output)?.[1];
  // A search that was cut short, for depth or memory, shows nothing.
  const isWhole = errors !== undefined && !/Search not completed|max search depth/.test(output);
  const isAsExpected = error === undefined ? isWhole && errors === '0' : errors === '1' && error.test(output);
  process.stdout.write(
    `${isAsExpected ? 'ok  ' : 'FAIL'} ${title}: ${states ?? 'no'} states, errors: ${errors ?? 'not run'}\n`,
  );
  if (!isAsExpected) process.stdout.write(`${output}\n`);
  return isAsExpected;
}

/** What a program printed; undefined when there is none of that name. */
function run(file: string, args: readonly string[], cwd: string): string | undefined {
  const { error, stdout, stderr } = spawnSync(file, args, {
    cwd,
    encoding: 'utf8',
    timeout: runTimeoutMs,
    maxBuffer: 16_777_216,
  });
  return error !== undefined && 'code' in error && error.code === 'ENOENT' ? undefined : stdout + stderr;
}
