// Goal: 40 connections that ask and never read take less than a fifth of the throughput of 50 that behave, and are cut.
import { driveLoad } from '../support/driven-load';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const deafCount = 40;
const seconds = 10;
const roundCount = 3;
const sendTimeoutSeconds = 20;
/** 14 MB: more than the system takes while nobody reads, so that a client notices when it is cut. */
const questions = Buffer.from('activeuser x\nhelp\n'.repeat(800_000));

test(`${deafCount} clients that never read: the others keep at least 80 % of their throughput`, async () => {
  const server = await ServerProcess.start(['--threads', '2', '--send-timeout', String(sendTimeoutSeconds)]);
  const rates = { quiet: [] as number[], beside: [] as number[] };
  for (let round = 0; round < roundCount; round += 1) {
    rates.quiet.push((await driveLoad(server.address, 50, seconds)).requestsPerSecond);
    const deaf = await Promise.all(
      Array.from({ length: deafCount }, () => LineSocket.connect(server.address, { reading: false })),
    );
    for (const socket of deaf) socket.write(questions);
    const beside = await driveLoad(server.address, 50, seconds);
    expect(beside.errors).toEqual({});
    rates.beside.push(beside.requestsPerSecond);
    await Promise.all(deaf.map((socket) => socket.untilOver((sendTimeoutSeconds + 10) * 1_000)));
    for (const socket of deaf) socket.destroy();
  }
  const kept = mean(rates.beside) / mean(rates.quiet);
  const figures = { ...rates, keptPercent: Math.round(kept * 100), deaf: deafCount };
  process.stdout.write(`slow readers: ${JSON.stringify(figures)}\n`);
  expect(kept).toBeGreaterThan(0.8);
  await server.stop();
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
