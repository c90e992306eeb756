// Goal: ten minutes of load at full speed, and the server is no larger at their end than it was soon after their beginning.
import { cleanUp } from '../support/clean-up';
import { driveLoad } from '../support/driven-load';
import { ServerProcess } from '../support/server-process';

afterAll(cleanUp);

const connections = 500;
const seconds = 600;
const sampleMs = 5_000;
/** By then the code is compiled, and every block, buffer and inbox is in use that ever will be. */
const settledAfterSeconds = 120;
const grownMiBMax = 24;
const mebibyte = 1_048_576;

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)]!;
}

test(`resident memory is flat over ${seconds} s of load from ${connections} connections`, async () => {
  const server = await ServerProcess.start(['--threads', '2']);
  const atStartMiB = server.residentBytes / mebibyte;
  const samplesMiB: number[] = [];
  const sampler = setInterval(() => samplesMiB.push(server.residentBytes / mebibyte), sampleMs);
  const { errors, requestsPerSecond } = await driveLoad(server.address, connections, seconds);
  clearInterval(sampler);
  // Two minutes of samples each: of the first settled ones, and of the last.
  const count = (120 * 1_000) / sampleMs;
  const settledFrom = (settledAfterSeconds * 1_000) / sampleMs;
  const earlyMiB = median(samplesMiB.slice(settledFrom, settledFrom + count));
  const lateMiB = median(samplesMiB.slice(-count));
  const figures = { atStartMiB, earlyMiB, lateMiB, maxMiB: Math.max(...samplesMiB) };
  const everyMinute = samplesMiB.filter((_, index) => index % 12 === 11).map(Math.round);
  process.stdout.write(
    `memory: ${JSON.stringify({ requestsPerSecond: Math.round(requestsPerSecond), ...figures, everyMinute })}\n`,
  );
  expect(errors).toEqual({});
  expect(lateMiB - earlyMiB).toBeLessThan(grownMiBMax);
  expect((await server.stop()).code).toBe(0);
});
