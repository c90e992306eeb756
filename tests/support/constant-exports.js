'use strict';

const { readdirSync, readFileSync, writeFileSync } = require('node:fs');
const path = require('node:path');

/**
 * The compiler sets every export to `undefined` before it gives it its value. V8 takes a property that is written twice
 * for one that changes, and looks at every constant of another module anew wherever it is used (ADR 0014). Nobody reads
 * an export before its value is there, so the first writing is taken out, and its line left empty for the source maps.
 */
const firstWriting = /^exports\.\w+(?: = exports\.\w+)* = void 0;$/gm;

/** Makes the exports of compiled modules constant, in place. May be repeated. */
module.exports = function makeExportsConstant(folder) {
  for (const name of readdirSync(folder, { recursive: true })) {
    if (!name.endsWith('.js')) continue;
    const file = path.join(folder, name);
    const compiled = readFileSync(file, 'utf8');
    const constant = compiled.replace(firstWriting, '');
    if (constant !== compiled) writeFileSync(file, constant);
  }
};

if (require.main === module) module.exports(path.resolve(__dirname, '..', '..', 'dist'));
