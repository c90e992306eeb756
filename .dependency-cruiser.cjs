'use strict';

// The layers of docs/ARCHITECTURE.md, as rules. `server` reaches `workers` by file path only.
const noImport = (name, comment, from, to) => ({ name, comment, severity: 'error', from, to });

// A library that lives behind one file.
const behind = (library, file) =>
  noImport(
    `${library.replace(/\W/g, '-')}-behind-one-file`,
    `${library} is imported by ${file} only`,
    { pathNot: [`^${file}`, '^tests/'] },
    { path: `node_modules/${library}/` },
  );

module.exports = {
  forbidden: [
    noImport('no-circular', 'modules form a tree', {}, { circular: true }),
    noImport('no-unresolvable', 'every import exists', {}, { couldNotResolve: true }),
    noImport(
      'protocol-stands-alone',
      'shared/protocol imports nothing of ours',
      { path: '^shared/protocol/' },
      { path: '^(server|workers|client|tests|shared/(?!protocol/))' },
    ),
    noImport(
      'journal-stands-alone',
      'shared/journal imports nothing of ours',
      { path: '^shared/journal/' },
      { path: '^(server|workers|client|tests|shared/(?!journal/))' },
    ),
    noImport(
      'sockets-stand-alone',
      'shared/sockets imports nothing of ours',
      { path: '^shared/sockets/' },
      { path: '^(server|workers|client|tests|shared/(?!sockets/))' },
    ),
    noImport(
      'store-under-batch',
      'shared/store imports shared/protocol and shared/journal only',
      { path: '^shared/store/' },
      { path: '^shared/(?!store/|protocol/|journal/)' },
    ),
    noImport(
      'shared-is-the-floor',
      'shared imports no other folder',
      { path: '^shared/' },
      { path: '^(server|workers|client|tests)/' },
    ),
    noImport(
      'server-not-workers',
      'the server knows workers by file path only',
      { path: '^server/' },
      { path: '^(workers|client|tests)/' },
    ),
    noImport(
      'workers-not-server',
      'workers import shared only',
      { path: '^workers/' },
      { path: '^(server|client|tests)/' },
    ),
    noImport(
      'client-speaks-protocol-only',
      'the client imports shared/protocol only, the load test shared/sockets too',
      { path: '^client/(?!load/)' },
      { path: '^(server|workers|tests|shared/(?!protocol/))' },
    ),
    noImport(
      'load-test-speaks-protocol-only',
      'the client imports shared/protocol only, the load test shared/sockets too',
      { path: '^client/load/' },
      { path: '^(server|workers|tests|shared/(?!protocol/|sockets/))' },
    ),
    noImport(
      'sockets-in-server-and-client',
      'node:net and node:tls live in server/ and client/; shared/sockets is given sockets',
      { path: '^(shared/(?!sockets/)|workers/)' },
      { path: '^(node:)?(net|tls|http|https|dgram)$' },
    ),
    noImport(
      'product-not-tests',
      'the product never imports tests',
      { path: '^(server|workers|client|shared)/' },
      { path: '^tests/' },
    ),
    behind('piscina', 'server/pool\\.ts'),
    behind('@node-rs/argon2', 'workers/password-hash\\.ts'),
    behind('pino', 'server/logger\\.ts'),
    behind('pino-pretty', 'server/logger\\.ts'),
    behind('hdr-histogram-js', 'client/load/latency-histogram\\.ts'),
    behind('uuid', 'shared/protocol/token\\.ts'),
    behind('lmdb', 'workers/tables/environment\\.ts'),
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
  },
};
