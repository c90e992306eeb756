// Goal: how long a connection may be silent, or take for a request, and how much it may ask for in a time, does not depend on the wall clock, which may be set.
import type { ClockRequest } from '../support/clock-switch';
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';

const hourMs = 3_600_000;
const preload = 'clock-switch.js';

afterAll(cleanUp);

test('set forward: who has not finished a request is cut in its time, and not before', async () => {
  const server = await ServerProcess.start(['--threads', '1', '--line-timeout', '4'], { preload });
  const client = await LineSocket.connect(server.address);
  client.write('ping\npi');
  expect(await client.frame()).toContain('pong');
  const beforeMs = performance.now();
  const request: ClockRequest = { shiftMs: hourMs };
  await server.ask(request);
  expect(await client.rest()).toContain('BAD_REQUEST');
  expect(performance.now() - beforeMs).toBeGreaterThan(3_000);
  client.destroy();
  await server.kill();
});

test('set forward: who is over its budget has no more of it than before', async () => {
  const strict = ['--threads', '1', '--limit-loopback', '--flood-requests', '1'];
  const server = await ServerProcess.start(strict, { preload });
  const client = await LineSocket.connect(server.address);
  client.write('ping\n'.repeat(9));
  expect((await client.frames(9)).at(-1)).toContain('RATE_LIMITED');
  const request: ClockRequest = { shiftMs: hourMs };
  await server.ask(request);
  client.write('ping\n'.repeat(8));
  expect((await client.frames(8)).at(-1)).toContain('RATE_LIMITED');
  client.destroy();
  await server.kill();
});

test('set back: who is silent is cut all the same', async () => {
  const server = await ServerProcess.start(['--threads', '1', '--login-timeout', '1'], { preload });
  const client = await LineSocket.connect(server.address);
  expect(await client.ask('ping')).toContain('pong');
  const request: ClockRequest = { shiftMs: -hourMs };
  await server.ask(request);
  await client.rest();
  client.destroy();
  await server.kill();
});
