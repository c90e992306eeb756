/** Goal: two real clients and the real server hold a conversation, in a room and out of it, with every command for it. */
import { cleanUp } from '../support/clean-up';
import { ClientProcess } from '../support/client-process';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

jest.setTimeout(60_000);

type Line = Record<string, unknown>;

const folder = new TemporaryFolder();
const participants: Participant[] = [];

afterAll(async () => {
  for (const { client } of participants) client.child.kill('SIGKILL');
  await cleanUp();
  folder.remove();
});

/** A client for programs; what comes by itself and what is a reply are kept apart. */
class Participant {
  private readonly events: Line[] = [];
  private readonly replies: Line[] = [];

  private constructor(readonly client: ClientProcess) {}

  static async logIn(server: ServerProcess, username: string): Promise<Participant> {
    const { host, port } = server.address;
    const participant = new Participant(ClientProcess.start('connect', '--json', `${host}:${port}`));
    participants.push(participant);
    expect(await participant.ask(`auth ${username} surabaya`)).toMatchObject({ status: 'OK' });
    await participant.event('online');
    return participant;
  }

  async ask(command: string): Promise<Line> {
    this.client.child.stdin.write(`${command}\n`);
    while (this.replies.length === 0) await this.read();
    return this.replies.shift()!;
  }

  /** The next event of this kind; those before it are of no interest. */
  async event(kind: string): Promise<Line> {
    for (;;) {
      const found = this.events.findIndex(({ event }) => event === kind);
      if (found >= 0) return this.events.splice(0, found + 1).at(-1)!;
      await this.read();
    }
  }

  private async read(): Promise<void> {
    const line = JSON.parse(await this.client.nextLine()) as Line;
    (line.event === undefined ? this.replies : this.events).push(line);
  }
}

test('a conversation', async () => {
  const server = await ServerProcess.start(['--threads', '2'], { data: folder.file('data') });
  const messi = await Participant.logIn(server, 'messi');
  const lineker = await Participant.logIn(server, 'lineker');

  expect(await messi.ask('join #tim')).toMatchObject({ status: 'OK' });
  expect(await lineker.ask('join #tim')).toMatchObject({ status: 'OK' });
  for (;;) if ((await messi.event('join')).user === 'lineker') break;
  const posted = await lineker.ask('send #tim halo semua 😀');
  expect(posted).toMatchObject({ status: 'OK', duplicate: false });
  expect(await messi.event('message')).toMatchObject({
    id: posted.id,
    from: 'lineker',
    msg_from: 'Gary Lineker',
    to: '#tim',
    msg: 'halo semua 😀',
  });
  expect(await messi.ask('reply halo juga')).toMatchObject({ status: 'OK' });
  expect(await lineker.event('message')).toMatchObject({ from: 'messi', to: '#tim', msg: 'halo juga' });
  expect(await messi.ask('send lineker berdua saja')).toMatchObject({ status: 'OK' });
  expect(await lineker.event('message')).toMatchObject({ from: 'messi', to: 'lineker', msg: 'berdua saja' });

  expect(await messi.ask('rooms')).toEqual({
    status: 'OK',
    rooms: [{ room: '#tim', members: 2, owner: 'messi' }],
  });
  expect(await lineker.ask('members #tim')).toMatchObject({
    members: [{ user: 'messi', owner: true }, { user: 'lineker' }],
  });
  const inRoom = { messages: [{ msg: 'halo semua 😀' }, { msg: 'halo juga' }], more: false };
  expect(await lineker.ask('history #tim')).toMatchObject(inRoom);
  expect(await lineker.ask('history messi')).toMatchObject({ messages: [{ msg: 'berdua saja' }] });
  expect(await lineker.ask('history #tim 1')).toMatchObject({ messages: [{ msg: 'halo juga' }], more: true });
  expect(await lineker.ask('search HALO #tim')).toMatchObject({
    messages: [{ msg: 'halo juga' }, { msg: 'halo semua 😀' }],
  });
  expect(await lineker.ask('search berdua @messi')).toMatchObject({ messages: [{ msg: 'berdua saja' }] });

  expect(await lineker.ask('remove #tim messi')).toMatchObject({ status: 'ERROR', code: 'FORBIDDEN' });
  expect(await messi.ask('remove #tim lineker')).toMatchObject({ status: 'OK' });
  for (;;) if ((await lineker.event('leave')).user === 'lineker') break;
  expect(await lineker.ask('send #tim masih boleh?')).toMatchObject({ status: 'ERROR' });
  expect(await messi.ask('leave #tim')).toMatchObject({ status: 'OK' });
  expect(await messi.ask('rooms')).toEqual({ status: 'OK', rooms: [] });

  // Everything was acknowledged as it was written.
  expect(await lineker.ask('inbox')).toEqual({ status: 'OK', messages: {} });
  for (const { client } of participants) expect(await client.end()).toMatchObject({ code: 0, stderr: '' });
});
