'use strict';

// Worker threads load compiled JavaScript: the global setup compiles once, before any test starts a thread.
const shared = {
  testEnvironment: 'node',
  // tsconfig.json has `isolatedModules`: ts-jest transpiles, `npm run check` judges the types.
  transform: { '^.+\\.ts$': 'ts-jest' },
  globalSetup: '<rootDir>/tests/support/compile-once.js',
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
};

const fast = ['unit', 'property', 'crash', 'integration', 'e2e'];
const folders = process.env.BENANG_SOAK === '1' ? ['soak'] : fast;

/** @type {import('jest').Config} */
module.exports = {
  ...shared,
  testMatch: folders.map((folder) => `<rootDir>/tests/${folder}/**/*.test.ts`),
  collectCoverageFrom: ['{server,workers,client,shared}/**/*.ts'],
  testTimeout: process.env.BENANG_SOAK === '1' ? 30 * 60_000 : 60_000,
  maxWorkers: 2,
};
