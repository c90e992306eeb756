// Goal: 10,000 connections, 1,000 of them active, without an error; the memory that they cost is printed.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { HolderMessage } from '../bench/idle-memory';
import { cleanUp } from '../support/clean-up';
import { compiledFolder } from '../support/compiled-folder';
import { driveLoad } from '../support/driven-load';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const idleCount = 9_000;
const activeCount = 1_000;
const seconds = 20;
const mebibyte = 1_048_576;

test(`${idleCount} idle connections and ${activeCount} active ones: no error`, async () => {
  const server = await ServerProcess.start(['--threads', '2', '--login-timeout', '600']);
  const residentBefore = server.residentBytes;
  const holder = fork(path.join(compiledFolder, 'tests', 'bench', 'idle-holder.js'), [
    String(server.address.port),
    String(idleCount),
  ]);
  const messages: HolderMessage[] = [];
  holder.on('message', (message) => messages.push(message as HolderMessage));
  await once(holder, 'message');
  expect(messages).toEqual([{ openedCount: idleCount }]);
  const residentIdle = server.residentBytes;
  const { errors, connectionsLostCount, unansweredCount, requestsPerSecond, latencyMs } = await driveLoad(
    server.address,
    activeCount,
    seconds,
  );
  const figures = {
    connections: idleCount + activeCount,
    active: activeCount,
    requestsPerSecond: Math.round(requestsPerSecond),
    p50Ms: latencyMs.p50,
    p99Ms: latencyMs.p99,
    residentMiBBefore: Math.round(residentBefore / mebibyte),
    residentMiBIdle: Math.round(residentIdle / mebibyte),
    residentMiBAtEnd: Math.round(server.residentBytes / mebibyte),
  };
  process.stdout.write(`many clients: ${JSON.stringify(figures)}\n`);
  expect({ errors, connectionsLostCount, unansweredCount }).toEqual({
    errors: {},
    connectionsLostCount: 0,
    unansweredCount: 0,
  });
  // Not one of those that waited was closed.
  expect(messages).toHaveLength(1);
  holder.disconnect();
  await server.stop();
});
