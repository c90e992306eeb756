// Goal: rooms of a real server: who is in them, and what each member has not read, outlives any end of it.
import { cleanUp } from '../support/clean-up';
import { tokenOf } from '../support/durable-load';
import { LineSocket } from '../support/line-socket';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

const people = { messi: 'Lionel Messi', lineker: 'Gary Lineker', henderson: 'Jordan Henderson' } as const;
type Person = keyof typeof people;
const names = Object.keys(people) as Person[];

let folder: TemporaryFolder;
let server: ServerProcess;
let client: LineSocket;
const tokens = new Map<string, string>();

beforeEach(async () => {
  folder = TemporaryFolder.onDisk();
  await start();
  for (const name of names) tokens.set(name, tokenOf(await client.ask(`auth ${name} surabaya`)));
});
afterEach(async () => {
  LineSocket.destroyAll();
  await server.kill();
  folder.remove();
});
afterAll(cleanUp);

async function start(): Promise<void> {
  server = await ServerProcess.start(['--threads', '2'], { data: folder.file('data') });
  client = await LineSocket.connect(server.address, { timeoutMs: 20_000 });
}

/** Asks as somebody: the token comes after the command. */
async function ask(person: Person, request: string): Promise<string> {
  const [command, ...rest] = request.split(' ');
  return (await client.ask([command, tokens.get(person)!, ...rest].join(' '))).trimEnd();
}

async function askAll(person: Person, ...requests: readonly string[]): Promise<void> {
  for (const request of requests) expect(await ask(person, request)).toMatch(/^\{"status": "OK"/);
}

/** The texts of an inbox, in order of sender and arrival, with where they were sent to. */
async function inboxOf(person: Person): Promise<string[]> {
  const { messages } = JSON.parse(await ask(person, 'inbox')) as {
    messages: Record<string, { msg_to: string; msg: string }[]>;
  };
  return Object.values(messages)
    .flat()
    .map(({ msg_to, msg }) => `${msg_to}: ${msg}`);
}

test.each([
  ['killed', async () => server.kill()],
  ['stopped', async () => server.stop()],
])(
  'a server that is %s, twice, and started again',
  async (_, end) => {
    await askAll('messi', 'join #tim', 'join #gol');
    await askAll('lineker', 'join #gol', 'join #tim');
    await askAll('henderson', 'join #tim');
    await askAll('messi', 'send #tim satu', 'send henderson dua', 'send #tim tiga');
    await askAll('lineker', 'send #tim empat', 'send #gol lima');
    expect(await inboxOf('messi')).toEqual(['#tim: empat', '#gol: lima']);
    await askAll('messi', 'leave #tim');
    const seen = async (): Promise<string[]> => [
      await ask('lineker', 'rooms'),
      await ask('henderson', 'members #tim'),
    ];
    const before = await seen();
    await end();
    await start();
    expect(await seen()).toEqual(before);
    expect(before[0]).toBe(
      '{"status": "OK", "rooms": [{"room": "#gol", "members": 2, "owner": "messi"}, ' +
        '{"room": "#tim", "members": 2, "owner": "lineker"}]}',
    );
    expect(await inboxOf('henderson')).toEqual([
      '#tim: satu',
      'Jordan Henderson: dua',
      '#tim: tiga',
      '#tim: empat',
    ]);
    await askAll('henderson', 'send #tim enam');
    // What `inbox` has handed over is marked so on disk soon after: any record behind it that was waited for shows it.
    await askAll('henderson', 'send #tim tujuh');
    await end();
    await start();
    expect(await inboxOf('henderson')).toEqual([]);
    expect(await inboxOf('lineker')).toEqual(['#tim: satu', '#tim: tiga', '#tim: enam', '#tim: tujuh']);
    expect(await inboxOf('messi')).toEqual([]);
  },
  60_000,
);

test('a name that was left is another room after a restart, too', async () => {
  await askAll('messi', 'join #tim', 'send #tim lama', 'leave #tim');
  await server.stop();
  await start();
  await askAll('lineker', 'join #tim');
  await askAll('henderson', 'join #tim');
  await askAll('lineker', 'send #tim baru');
  await server.kill();
  await start();
  expect(await ask('henderson', 'rooms')).toBe(
    '{"status": "OK", "rooms": [{"room": "#tim", "members": 2, "owner": "lineker"}]}',
  );
  expect(await inboxOf('henderson')).toEqual(['#tim: baru']);
  expect(await ask('messi', 'rooms')).toBe('{"status": "OK", "rooms": []}');
}, 60_000);

test('an acknowledgement may be repeated after a restart, also when nobody has anything left to read in the room', async () => {
  await askAll('messi', 'join #tim');
  await askAll('lineker', 'join #tim', 'send #tim satu', 'send messi dua');
  const { messages } = JSON.parse(await ask('messi', 'fetch')) as { messages: { id: string }[] };
  const [ofRoom, last] = messages.map(({ id }) => id);
  await askAll('messi', `ack ${last!}`);
  await askAll('lineker', 'leave #tim');
  await server.stop();
  await start();
  await askAll('messi', `ack ${ofRoom!}`, `ack ${last!}`);
  await askAll('lineker', 'join #tim');
  expect(await ask('lineker', `ack ${ofRoom!}`)).toContain('"code": "NO_SUCH_MESSAGE"');
  expect(await ask('henderson', `ack ${ofRoom!}`)).toContain('"code": "NO_SUCH_MESSAGE"');
}, 60_000);

test('history and search of a room, for its members', async () => {
  await askAll('messi', 'join #tim', 'send #tim gol satu', 'send lineker gol dua');
  await askAll('lineker', 'join #tim', 'send #tim gol tiga');
  const textsOf = async (request: string): Promise<string[]> =>
    (JSON.parse(await ask('lineker', request)) as { messages: { msg: string }[] }).messages.map(
      ({ msg }) => msg,
    );
  expect(await textsOf('history #TIM')).toEqual(['gol satu', 'gol tiga']);
  expect(await textsOf('search gol #tim')).toEqual(['gol tiga', 'gol satu']);
  expect(await textsOf('search gol')).toEqual(['gol tiga', 'gol dua', 'gol satu']);
  for (const request of ['history #tim', 'search gol #tim'])
    expect(await ask('henderson', request)).toContain('"code": "NOT_A_MEMBER"');
  for (const request of ['history #nowhere', 'history #no/where', 'search gol #nowhere'])
    expect(await ask('lineker', request)).toContain('"code": "NO_SUCH_ROOM"');
  await askAll('lineker', 'leave #tim');
  expect(await textsOf('search gol')).toEqual(['gol dua']);
}, 60_000);
