// Goal: the history thread may die at any moment: who asked is told BUSY, the next is answered, and the tables are whole.
import { cleanUp } from '../support/clean-up';
import { DurableServer } from '../support/durable-server';
import type { KillRequest } from '../support/kill-switch';

const preload = 'kill-switch.js';
const sent = '{"status": "OK", "message": "Message Sent"}\r\n\r\n';
const killsMin = 10;
/** Far more than it takes to meet a job under way, which a kill may well miss. */
const killsMax = 300;
const askers = 6;

let server: DurableServer;

afterAll(cleanUp);
afterEach(async () => {
  await server.remove();
});

test(`killed ${killsMin} times while it answers, and until a job was cut`, async () => {
  server = await DurableServer.start([], undefined, { preload });
  const [from, to] = server.members;
  const client = await server.connect();
  let number = 0;
  const send = async (): Promise<void> => {
    number += 1;
    const message = server.deliveries.send(from!.username, to!.username, 1, number);
    expect(await client.ask(`send ${from!.token} ${to!.username} ${message.text}`)).toBe(sent);
    server.deliveries.acknowledge(message);
  };
  for (let count = 0; count < 30; count += 1) await send();
  let [isOver, answered, busy] = [false, 0, 0];
  const ask = async (): Promise<void> => {
    const asker = await server.connect();
    while (!isOver) {
      const known = number;
      const reply = await asker.ask(`history ${to!.token} ${from!.username} 1000`);
      if (reply.includes('"BUSY"')) busy += 1;
      else {
        answered += 1;
        expect(reply.split('"id": ').length - 1).toBeGreaterThanOrEqual(Math.min(known - 1, 1_000));
      }
    }
    asker.destroy();
  };
  const asking = Promise.all(Array.from({ length: askers }, ask));
  let kills = 0;
  while (kills < killsMin || (busy === 0 && kills < killsMax)) {
    const before = answered;
    await send();
    while (answered < before + 5) await client.ask('ping');
    const request: KillRequest = { kind: 'terminate', role: 'history', count: 1 };
    kills += (await server.process.ask(request)) as number;
  }
  isOver = true;
  await asking;
  process.stdout.write(`history thread terminated ${kills} times: ${answered} answered, ${busy} BUSY\n`);
  expect(busy).toBeGreaterThan(0);
  expect(await client.ask(`history ${to!.token} ${from!.username} 1`)).toContain('"more": true');
  client.destroy();
  expect((await server.process.stop()).code).toBe(0);
  await server.judgeHistory();
  expect(server.violations).toEqual([]);
}, 60_000);
