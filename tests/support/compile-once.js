'use strict';

const { execFileSync } = require('node:child_process');
const path = require('node:path');
const makeExportsConstant = require('./constant-exports');

/** Compiles the whole tree to dist/, so that worker threads and the real binaries run what the tests describe. */
module.exports = function compileOnce() {
  const root = path.resolve(__dirname, '..', '..');
  const compiler = require.resolve('typescript/bin/tsc');
  execFileSync(process.execPath, [compiler, '-p', path.join(root, 'tsconfig.json')], { stdio: 'inherit' });
  makeExportsConstant(path.join(root, 'dist'));
};
