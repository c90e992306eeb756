// Goal: history and search find what was acknowledged, at once and after a crash, page by page, and say so when nothing is kept.
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

const replyBytesMax = 1_048_576;

interface Shown {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly msg: string;
}

interface Page {
  readonly status: string;
  readonly code?: string;
  readonly messages: readonly Shown[];
  readonly more: boolean;
  readonly before?: string;
}

let folder: TemporaryFolder;
let server: ServerProcess;
let client: LineSocket;

beforeEach(() => {
  folder = new TemporaryFolder();
});
afterEach(async () => {
  client.destroy();
  await server.kill();
  folder.remove();
});
afterAll(cleanUp);

async function start(...args: readonly string[]): Promise<void> {
  server = await ServerProcess.start(['--threads', '2', ...args], { data: folder.file('data') });
  client = await LineSocket.connect(server.address, { timeoutMs: 20_000 });
}

async function logIn(name: string): Promise<string> {
  return (JSON.parse(await client.ask(`auth ${name} surabaya`)) as { tokenid: string }).tokenid;
}

async function ask(request: string): Promise<Page> {
  const reply = await client.ask(request);
  expect(reply.length).toBeLessThanOrEqual(replyBytesMax);
  return JSON.parse(reply) as Page;
}

function textsOf({ messages }: Page): string[] {
  return messages.map(({ msg }) => msg);
}

test.each(['sync', 'relaxed'])(
  '--durability %s: what was acknowledged just now is found',
  async (durability) => {
    await start('--durability', durability);
    const [messi, henderson] = [await logIn('messi'), await logIn('henderson')];
    for (let number = 1; number <= 30; number += 1) {
      const [token, peer] = number % 2 === 0 ? [messi, 'henderson'] : [henderson, 'messi'];
      await client.ask(`send ${token} ${peer} pesan nomor${number}`);
      if (number % 3 === 0) await client.ask(`inbox ${messi}`);
      const page = await ask(`history ${messi} henderson 2`);
      expect(textsOf(page)).toEqual(
        [number - 1, number].filter((one) => one > 0).map((one) => `pesan nomor${one}`),
      );
      expect(page.more).toBe(number > 2);
      const found = await ask(`search ${henderson} NOMOR${number}`);
      expect(found.messages).toEqual(page.messages.slice(-1));
      expect(found.more).toBe(false);
    }
  },
  60_000,
);

test('a page is never longer than a reply may be, and pages put together are the whole', async () => {
  await start();
  const messi = await logIn('messi');
  const texts = Array.from({ length: 150 }, (_, index) => `${1_000 + index}${'é'.repeat(2_046)}`);
  for (const text of texts) client.write(`send ${messi} lineker ${text}\n`);
  await client.frames(texts.length);
  const found: string[] = [];
  let [before, pages] = ['', 0];
  for (;;) {
    const page = await ask(`history ${messi} lineker 1000 ${before}`);
    pages += 1;
    found.unshift(...textsOf(page));
    if (!page.more) break;
    before = page.messages[0]!.id;
  }
  expect(found).toEqual(texts);
  expect(pages).toBe(2);
}, 60_000);

test('a search goes on where its last page ended', async () => {
  await start();
  const messi = await logIn('messi');
  for (let number = 0; number < 130; number += 1)
    client.write(`send ${messi} messi nomor ${number} ${'é'.repeat(1_500)}\n`);
  await client.frames(130);
  const found: string[] = [];
  let before = '';
  for (;;) {
    const page = await ask(`search ${messi} nomor @messi${before}`);
    found.push(...textsOf(page).map((text) => text.split(' ')[1]!));
    expect(page.before === undefined).toBe(!page.more);
    if (page.before === undefined) break;
    before = ` <${page.before}`;
  }
  expect(found).toEqual(Array.from({ length: 130 }, (_, index) => String(129 - index)));
}, 60_000);

test('a search with a long run of spaces is as quick as any', async () => {
  await start('--max-line', '65536');
  const messi = await logIn('messi');
  await client.ask(`send ${messi} lineker umpan`);
  const spaces = ' '.repeat(64_000);
  for (const [words, texts] of [
    [`umpan${spaces}@lineker   <zz-1`, ['umpan']],
    [`umpan${spaces}@henderson`, []],
    [`umpan${spaces}kata`, []],
  ] as const)
    expect(textsOf(await ask(`search ${messi} ${words}`))).toEqual(texts);
  client.write(`search ${messi} umpan${spaces}kata\n`.repeat(8));
  await client.frames(8);
});

test('rooms: all that was said, for who is in them; nothing for who is not, or not any more', async () => {
  await start();
  const [messi, lineker, henderson] = [
    await logIn('messi'),
    await logIn('lineker'),
    await logIn('henderson'),
  ];
  for (const token of [messi, lineker]) await client.ask(`join ${token} #Gol`);
  await client.ask(`send ${messi} #gol umpan satu`);
  await client.ask(`send ${lineker} #gol umpan dua`);
  await client.ask(`send ${lineker} messi umpan sendiri`);
  await client.ask(`join ${henderson} #gol`);
  for (const token of [messi, henderson]) {
    const page = await ask(`history ${token} #gol`);
    expect(textsOf(page)).toEqual(['umpan satu', 'umpan dua']);
    expect(page.messages.map(({ to }) => to)).toEqual(['#gol', '#gol']);
    expect(textsOf(await ask(`history ${token} #gol 1 ${page.messages[1]!.id}`))).toEqual(['umpan satu']);
    expect(textsOf(await ask(`search ${token} umpan #gol`))).toEqual(['umpan dua', 'umpan satu']);
  }
  expect(textsOf(await ask(`search ${messi} umpan`))).toEqual(['umpan sendiri', 'umpan dua', 'umpan satu']);
  expect(textsOf(await ask(`search ${henderson} umpan`))).toEqual(['umpan dua', 'umpan satu']);
  await client.ask(`leave ${henderson} #gol`);
  for (const request of [`history ${henderson} #gol`, `search ${henderson} umpan #gol`])
    expect((await ask(request)).code).toBe('NOT_A_MEMBER');
  expect(textsOf(await ask(`search ${henderson} umpan`))).toEqual([]);
  for (const room of ['#tidak-ada', '#', '#tidak/bisa']) {
    expect((await ask(`history ${messi} ${room}`)).code).toBe('NO_SUCH_ROOM');
    expect((await ask(`search ${messi} umpan ${room}`)).code).toBe('NO_SUCH_ROOM');
  }
}, 60_000);

test('after a SIGKILL all that was acknowledged is found, once', async () => {
  await start();
  const messi = await logIn('messi');
  await ask(`history ${messi} henderson`);
  for (let number = 0; number < 200; number += 1) client.write(`send ${messi} henderson sebelum ${number}\n`);
  await client.frames(200);
  await server.kill();
  client.destroy();
  await start();
  const page = await ask(`history ${messi} henderson 1000`);
  expect(textsOf(page)).toEqual(Array.from({ length: 200 }, (_, index) => `sebelum ${index}`));
  await client.ask(`send ${messi} henderson sesudah`);
  expect(textsOf(await ask(`search ${messi} sesudah`))).toEqual(['sesudah']);
  expect((await ask(`search ${messi} sebelum`)).messages).toHaveLength(50);
}, 60_000);

test('jobs of many connections at once: each gets its own reply, or BUSY', async () => {
  await start();
  const messi = await logIn('messi');
  for (let number = 0; number < 50; number += 1) await client.ask(`send ${messi} messi sama${number}`);
  const others = await Promise.all(Array.from({ length: 200 }, () => LineSocket.connect(server.address)));
  const replies = await Promise.all(
    others.map(
      async (other, index) => JSON.parse(await other.ask(`search ${messi} sama${index % 50}`)) as Page,
    ),
  );
  for (const [index, page] of replies.entries()) {
    if (page.status === 'OK') expect(textsOf(page)).toEqual([`sama${index % 50}`]);
    else expect(page.code).toBe('BUSY');
  }
  expect(replies.filter(({ status }) => status === 'OK').length).toBeGreaterThanOrEqual(8);
  for (const other of others) other.destroy();
}, 60_000);

test('one user that asks over many connections does not keep the others waiting at BUSY', async () => {
  await start();
  const [messi, lineker] = [await logIn('messi'), await logIn('lineker')];
  for (let number = 0; number < 50; number += 1) await client.ask(`send ${messi} lineker sama${number}`);
  let isOver = false;
  const crowd = await Promise.all(
    Array.from({ length: 200 }, () => LineSocket.connect(server.address, { timeoutMs: 20_000 })),
  );
  const crowding = crowd.map(async (other) => {
    while (!isOver) await other.ask(`history ${messi} lineker 1000`);
    other.destroy();
  });
  const codes: (string | undefined)[] = [];
  while (codes.length < 50) codes.push((await ask(`history ${lineker} messi 1`)).code);
  isOver = true;
  await Promise.all(crowding);
  expect(codes.filter((code) => code !== undefined)).toEqual([]);
}, 60_000);

test('a server that keeps no history says so, and forgets what an earlier one kept', async () => {
  await start();
  await client.ask(`send ${await logIn('messi')} lineker halo`);
  await ask(`history ${await logIn('messi')} lineker`);
  expect((await server.stop()).code).toBe(0);
  client.destroy();
  await start('--history-days', '0');
  const messi = await logIn('messi');
  for (const request of ['history', 'search'])
    expect((await ask(`${request} ${messi} lineker`)).code).toBe('NO_HISTORY');
  expect(await client.ask(`inbox ${await logIn('lineker')}`)).toContain('"msg": "halo"');
  expect((await server.stop()).code).toBe(0);
  client.destroy();
  await start();
  expect(textsOf(await ask(`history ${messi} lineker`))).toEqual([]);
}, 60_000);

test('in memory only there is no history', async () => {
  server = await ServerProcess.start(['--threads', '1']);
  client = await LineSocket.connect(server.address);
  const messi = await logIn('messi');
  for (const request of ['history', 'search'])
    expect((await ask(`${request} ${messi} lineker`)).code).toBe('NO_HISTORY');
});
