// Goal: whenever the power goes, what is on the disk starts, and holds all that was acknowledged before.
import path from 'node:path';
import { dataFolders } from '../../shared/journal/data-folders';
import { cleanUp } from '../support/clean-up';
import { DurableServer } from '../support/durable-server';
import { copyFolder, copyUnderLoad, judgeCopy } from '../support/power-cuts';
import { RandomNumbers } from '../support/random-numbers';
import { SmallFilesystem } from '../support/small-filesystem';
import { type CutKind, loseBehindSync, loseUnsynced } from '../support/unsynced-journal';

const kinds: readonly CutKind[] = ['zeros', 'noise', 'torn'];
/** With `relaxed`: 200 ms between syncs, and what a sync takes. */
const relaxedTailMsMax = 1_000;
const deviceCopyCount = 2;
const deviceMebibytes = 320;
const seed = Number(process.env.BENANG_SEED ?? Date.now() % 1_000_000);
const random = new RandomNumbers(seed);
const servers: DurableServer[] = [];

afterAll(async () => {
  await cleanUp();
  for (const server of servers) await server.remove();
});

async function start(data?: string, args: readonly string[] = []): Promise<DurableServer> {
  const server = await DurableServer.start(args, data);
  servers.push(server);
  return server;
}

test(`copies under load hold all that was promised, also without what was not (seed ${seed})`, async () => {
  const server = await start();
  const copies = await copyUnderLoad(server, kinds.length, random, (index) =>
    copyFolder(server.data, server.folder.file(`copy-${index}`)),
  );
  const byApply = copies.filter(({ isByApply }) => isByApply).length;
  let lostFrames = 0;
  for (const [index, { place, promised }] of copies.entries()) {
    const cut = copyFolder(place, server.folder.file(`cut-${index}`));
    const kind = kinds[index]!;
    lostFrames += loseUnsynced(
      dataFolders(cut).journal,
      (text) => promised.has(text),
      kind,
      random,
    ).lostFrames;
    expect(await judgeCopy(server, place, promised)).toEqual([]);
    expect({ kind, findings: await judgeCopy(server, cut, promised) }).toEqual({ kind, findings: [] });
  }
  process.stdout.write(
    `power cuts: ${copies.map(({ promised }) => promised.size).join(', ')} promised; ` +
      `${byApply} copies while the tables were written, ${lostFrames} unsynced frames taken away\n`,
  );
  expect(byApply).toBeGreaterThan(0);
}, 120_000);

test('--durability relaxed: what is a second old is there, and of what came after it a beginning', async () => {
  const server = await start(undefined, ['--durability', 'relaxed']);
  const client = await server.connect();
  const promised = new Set<string>();
  for (let number = 0; number < 200; number += 1) {
    const [from, to] = [random.of(server.members), random.of(server.members)];
    const message = server.deliveries.send(from.username, to.username, 0, number);
    expect(await client.ask(`send ${from.token} ${to.username} ${message.text}`)).toContain('"OK"');
    server.deliveries.acknowledge(message);
    promised.add(message.text);
  }
  // The clock of the promise itself: there is nothing else to wait for.
  const until = Date.now() + relaxedTailMsMax;
  while (Date.now() < until) await client.ask('ping');
  const tails = ['torn', 'hole'] as const;
  const copies = await copyUnderLoad(server, tails.length, random, (index) =>
    copyFolder(server.data, server.folder.file(`relaxed-${index}`)),
  );
  const lostFrames: Record<string, number> = {};
  for (const [index, kind] of tails.entries()) {
    const { place } = copies[index]!;
    lostFrames[kind] = loseBehindSync(dataFolders(place).journal, kind, random);
    expect({ kind, findings: await judgeCopy(server, place, promised) }).toEqual({ kind, findings: [] });
  }
  process.stdout.write(`power cuts, relaxed: unsynced frames ${JSON.stringify(lostFrames)}\n`);
  expect(Object.values(lostFrames).some((count) => count > 1)).toBe(true);
}, 120_000);

test('the comparison notices a journal that has lost a promised frame', async () => {
  const server = await start();
  const [copy] = await copyUnderLoad(server, 1, random, (index) =>
    copyFolder(server.data, server.folder.file(`copy-${index}`)),
  );
  const newest = [...copy!.promised].at(-1)!;
  const older = new Set([...copy!.promised].slice(0, -200));
  loseUnsynced(dataFolders(copy!.place).journal, (text) => older.has(text), 'zeros', random);
  const findings = await judgeCopy(server, copy!.place, copy!.promised);
  expect(findings).toContain(`lost: ${newest.slice(0, 20)}`);
}, 60_000);

test('what a block device has been given at a moment starts, and holds all that was promised', async () => {
  const filesystem = SmallFilesystem.mount('ext4', deviceMebibytes);
  if (filesystem === undefined) return;
  const mounted: SmallFilesystem[] = [];
  try {
    const server = await start(path.join(filesystem.path, 'data'));
    const copies = await copyUnderLoad(server, deviceCopyCount, random, () => {
      const copy = filesystem.copyDevice();
      mounted.push(copy);
      return path.join(copy.path, 'data');
    });
    for (const { place, promised } of copies) expect(await judgeCopy(server, place, promised)).toEqual([]);
    process.stdout.write(
      `power cuts of a device: ${copies.map(({ promised }) => promised.size).join(', ')} promised\n`,
    );
  } finally {
    await cleanUp();
    for (const copy of [...mounted, filesystem]) copy.unmount();
  }
}, 120_000);
