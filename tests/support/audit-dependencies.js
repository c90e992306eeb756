'use strict';

// Part of `npm run check`: fails when a dependency that ships has a known flaw of high severity. A registry that cannot
// be asked, or that answers no such questions, is no reason to fail.
const { spawnSync } = require('node:child_process');
const path = require('node:path');

const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--audit-level=high', '--json'], {
  cwd: path.resolve(__dirname, '..', '..'),
  encoding: 'utf8',
  timeout: 60_000,
});
const answer = parsed(stdout);
const counts = answer?.metadata?.vulnerabilities;

if (counts === undefined) {
  const reason = answer?.error?.summary || answer?.message || error?.message || 'the registry gave no answer';
  process.stdout.write(`dependency audit: NOT DONE, nothing was audited: ${reason}\n`);
} else if (counts.high + counts.critical > 0) {
  process.stdout.write(`${JSON.stringify(answer.vulnerabilities, undefined, 2)}\n`);
  process.stdout.write('dependencies have known flaws: `npm audit --omit=dev` says which\n');
  process.exitCode = 1;
} else {
  process.stdout.write('dependency audit: no known flaw of high severity\n');
}

function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
