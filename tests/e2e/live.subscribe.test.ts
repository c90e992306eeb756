/** Goal: a subscriber gets every message once and in order, on every device; nobody else gets a byte unasked. */
import { cleanUp } from '../support/clean-up';
import { LineSocket } from '../support/line-socket';
import { LiveClient, type Frame } from '../support/live-client';
import { operate } from '../support/operator-command';
import { ServerProcess } from '../support/server-process';
import { TemporaryFolder } from '../support/temporary-folder';

afterAll(cleanUp);

let server: ServerProcess;
beforeEach(async () => {
  server = await ServerProcess.start(['--threads', '2']);
});
afterEach(async () => {
  LineSocket.destroyAll();
  await server.stop();
});

const textsOf = (frames: readonly Frame[]): unknown[] => frames.map(({ msg }) => msg);
const textsUpTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `text ${index}`);

test('first what is unread, then what comes, with the fields of fetch, on every device', async () => {
  const { client: messi, token } = await LiveClient.login(server.address, 'messi');
  const first = await LiveClient.login(server.address, 'lineker');
  const second = await LiveClient.login(server.address, 'lineker');
  await messi.ask(`send ${token} lineker text 0`);
  for (const device of [first, second]) {
    expect(await device.client.ask(`subscribe ${device.token}`)).toEqual({
      status: 'OK',
      message: 'Subscribed',
    });
  }
  const { messages } = await first.client.ask(`fetch ${first.token}`);
  await messi.ask(`send ${token} lineker text 1 \u00e9 "quoted"`);
  for (const { client } of [first, second]) {
    const [unread, live] = await client.messages(2);
    expect(unread).toEqual({ event: 'message', ...(messages as Frame[])[0]! });
    expect(live).toMatchObject({
      event: 'message',
      ...{ from: 'messi', msg_from: 'Lionel Messi', to: 'lineker', msg_to: 'Gary Lineker' },
      msg: 'text 1 \u00e9 "quoted"',
    });
  }
});

test('what one device has read is told to the others', async () => {
  const { client: messi, token } = await LiveClient.login(server.address, 'messi');
  const [reader, other] = [
    await LiveClient.login(server.address, 'lineker'),
    await LiveClient.login(server.address, 'lineker'),
  ];
  for (const device of [reader, other]) await device.client.ask(`subscribe ${device.token}`);
  for (const text of textsUpTo(3)) await messi.ask(`send ${token} lineker ${text}`);
  const [, second] = await reader.client.messages(3);
  await other.client.messages(3);
  await reader.client.ask(`ack ${reader.token} ${String(second!['id'])}`);
  expect(await nextBut(other.client, 'presence')).toEqual({ event: 'read', id: second!['id'] });
  await reader.client.ask(`inbox ${reader.token}`);
  expect(await nextBut(other.client, 'presence')).toMatchObject({ event: 'read' });
  await reader.client.ask('ping');
  expect(reader.client.events.some(({ event }) => event === 'read')).toBe(false);
});

async function nextBut(client: LiveClient, left: string): Promise<Frame> {
  for (;;) {
    const event = await client.event();
    if (event['event'] !== left) return event;
  }
}

test('messages of many senders at once: each once, ids in order, the senders’ orders kept', async () => {
  const { client: lineker, token } = await LiveClient.login(server.address, 'lineker');
  const senders = await Promise.all(
    Array.from({ length: 8 }, async () => LiveClient.login(server.address, 'messi')),
  );
  const perSender = 250;
  const send = (sender: number, from: number): void => {
    const { client, token: own } = senders[sender]!;
    for (let index = from; index < from + perSender / 2; index += 1)
      client.socket.write(`send ${own} lineker ${sender} ${index}\n`);
  };
  senders.forEach((_, sender) => {
    send(sender, 0);
  });
  await lineker.ask(`subscribe ${token}`);
  senders.forEach((_, sender) => {
    send(sender, perSender / 2);
  });
  const messages = await lineker.messages(senders.length * perSender);
  const sequences = messages.map(({ id }) => parseInt(String(id), 36));
  expect(sequences).toEqual([...sequences].sort((a, b) => a - b));
  for (const [sender] of senders.entries()) {
    const own = textsOf(messages).filter((text) => String(text).startsWith(`${sender} `));
    expect(own).toEqual(Array.from({ length: perSender }, (_, index) => `${sender} ${index}`));
  }
});

test('a subscriber that does not read is told of the gap when it does, and then gets everything, once', async () => {
  const { client: messi, token } = await LiveClient.login(server.address, 'messi');
  const { token: own } = await LiveClient.login(server.address, 'lineker');
  const deaf = await LiveClient.connect(server.address, false);
  deaf.socket.write(`subscribe ${own}\n`);
  const count = 3_000;
  const text = 'x'.repeat(4_000);
  for (let index = 0; index < count; index += 1) {
    expect(await messi.ask(`send ${token} lineker ${index} ${text}`)).toMatchObject({ status: 'OK' });
  }
  deaf.socket.resume();
  expect(await deaf.reply()).toEqual({ status: 'OK', message: 'Subscribed' });
  const messages = await deaf.messages(count);
  expect(textsOf(messages).map((each) => parseInt(String(each), 10))).toEqual(
    Array.from({ length: count }, (_, index) => index),
  );
  expect(deaf.events).toContainEqual({ event: 'gap' });
}, 60_000);

test('a session that ends takes its subscription along: by logout, and by a new password', async () => {
  const { client: messi, token } = await LiveClient.login(server.address, 'messi');
  const kept = await LiveClient.login(server.address, 'lineker');
  const lost = await LiveClient.login(server.address, 'lineker');
  const left = await LiveClient.login(server.address, 'lineker');
  for (const device of [kept, lost, left]) await device.client.ask(`subscribe ${device.token}`);
  await left.client.ask(`logout ${left.token}`);
  expect(await left.client.event()).toEqual({ event: 'logout' });
  await kept.client.ask(`passwd ${kept.token} surabaya bandung`);
  expect(await lost.client.event()).toEqual({ event: 'logout' });
  await messi.ask(`send ${token} lineker still there`);
  expect(textsOf(await kept.client.messages(1))).toEqual(['still there']);
  for (const { client } of [lost, left]) {
    await client.ask('ping');
    expect(client.events.filter(({ event }) => event !== 'presence')).toEqual([{ event: 'logout' }]);
  }
});

test('whoever has exchanged messages with a subscriber is announced, coming and going', async () => {
  const { client: lineker, token: own } = await LiveClient.login(server.address, 'lineker');
  const { client: messi, token } = await LiveClient.login(server.address, 'messi');
  await LiveClient.login(server.address, 'henderson');
  await messi.ask(`send ${token} lineker halo`);
  await lineker.ask(`subscribe ${own}`);
  await lineker.messages(1);
  // Who leaves at once was never there: messi has to stay for a moment.
  for (const since = performance.now(); performance.now() - since < 1_000;) await messi.ask('ping');
  messi.socket.destroy();
  const seen: Frame[] = [];
  while (!seen.some(({ state }) => state === 'offline')) seen.push(await lineker.event());
  await LiveClient.login(server.address, 'messi');
  seen.push(await lineker.event());
  const presences = seen.filter(({ event }) => event === 'presence');
  expect(presences.every(({ user }) => user === 'messi')).toBe(true);
  expect(presences.at(-1)).toMatchObject({ user: 'messi', msg_from: 'Lionel Messi', state: 'online' });
});

test('whoever has logged out is gone, whether or not the connection stays open', async () => {
  const messi = await LiveClient.login(server.address, 'messi');
  const lineker = await LiveClient.login(server.address, 'lineker');
  await messi.client.ask(`send ${messi.token} lineker halo`);
  await lineker.client.ask(`subscribe ${lineker.token}`);
  await lineker.client.messages(1);
  for (const since = performance.now(); performance.now() - since < 1_000;) await messi.client.ask('ping');
  // A request after it, in one read, with a session that is no more.
  messi.client.socket.write(`logout ${messi.token}\nwhoami ${messi.token}\n`);
  expect(await messi.client.reply()).toMatchObject({ status: 'OK' });
  expect(await messi.client.reply()).toMatchObject({ code: 'BAD_SESSION' });
  await announced(lineker.client, 'messi', 'offline');
  const { tokenid } = await messi.client.ask('auth messi surabaya');
  await announced(lineker.client, 'messi', 'online');
  expect(await messi.client.ask(`whoami ${String(tokenid)}`)).toMatchObject({ status: 'OK' });
});

test('whoever has no session left is gone: after a new password, the operator’s or its own, and a removal', async () => {
  await server.stop();
  const folder = new TemporaryFolder();
  const data = folder.file('data');
  server = await ServerProcess.start(['--threads', '2'], { data });
  await operate(['user', 'add', 'ana', '--data', data], { input: 'surabaya\n' });
  const ana = await LiveClient.login(server.address, 'ana');
  await ana.client.ask(`subscribe ${ana.token}`);
  const devices = new Map<string, LiveClient>();
  for (const name of ['messi', 'lineker', 'henderson']) {
    // Before the login: who is not known yet when it is told goes unnoticed.
    await ana.client.ask(`send ${ana.token} ${name} halo`);
    const { client, token } = await LiveClient.login(server.address, name);
    await client.ask(`subscribe ${token}`);
    await announced(ana.client, name, 'online');
    devices.set(name, client);
  }

  const { client: other, token: otherToken } = await LiveClient.login(server.address, 'messi');
  await other.ask(`passwd ${otherToken} surabaya bandung`);
  other.socket.destroy();
  await operate(['user', 'passwd', 'lineker', '--data', data], { input: 'jakarta\n' });
  await operate(['user', 'remove', 'henderson', '--data', data]);
  for (const client of devices.values()) while ((await client.event())['event'] !== 'logout');
  const gone = new Set<unknown>();
  while (gone.size < devices.size) {
    const { user, state } = await ana.client.event();
    if (state === 'offline') gone.add(user);
  }
  expect(gone).toEqual(new Set(devices.keys()));

  // The connection is as good as ever for another session.
  const messi = devices.get('messi')!;
  const { tokenid } = await messi.ask('auth messi bandung');
  await messi.ask(`subscribe ${String(tokenid)}`);
  await announced(ana.client, 'messi', 'online');
  folder.remove();
}, 60_000);

test('who changes the password stays, and so does a device with the same session', async () => {
  const lineker = await LiveClient.login(server.address, 'lineker');
  await lineker.client.ask(`subscribe ${lineker.token}`);
  // Before their logins: who is not known yet when it is told goes unnoticed.
  for (const name of ['henderson', 'messi']) await lineker.client.ask(`send ${lineker.token} ${name} halo`);
  const { client: henderson } = await LiveClient.login(server.address, 'henderson');
  await announced(lineker.client, 'henderson', 'online');
  const { client: messi, token } = await LiveClient.login(server.address, 'messi');
  await announced(lineker.client, 'messi', 'online');
  const second = await LiveClient.connect(server.address);
  await second.ask(`subscribe ${token}`);
  await messi.ask(`passwd ${token} surabaya bandung`);
  messi.socket.destroy();
  await second.ask('ping');
  // Told after what would be told of messi.
  henderson.socket.destroy();
  await announced(lineker.client, 'henderson', 'offline');
  expect(lineker.client.events.filter(({ state }) => state === 'offline')).toHaveLength(1);
});

test('a room: its messages to all members but the sender, who comes and who goes', async () => {
  const [messi, lineker, henderson] = [
    await LiveClient.login(server.address, 'messi'),
    await LiveClient.login(server.address, 'lineker'),
    await LiveClient.login(server.address, 'henderson'),
  ];
  await messi.client.ask(`join ${messi.token} #tim`);
  await messi.client.ask(`subscribe ${messi.token}`);
  await lineker.client.ask(`subscribe ${lineker.token}`);
  await lineker.client.ask(`join ${lineker.token} #tim`);
  expect(await nextBut(messi.client, 'presence')).toMatchObject({
    ...{ event: 'join', room: '#tim', user: 'lineker', msg_from: 'Gary Lineker' },
  });
  expect(await nextBut(lineker.client, 'presence')).toMatchObject({ event: 'join', user: 'lineker' });
  await messi.client.ask(`send ${messi.token} #tim halo`);
  await henderson.client.ask(`join ${henderson.token} #tim`);
  await henderson.client.ask(`send ${henderson.token} #tim halo juga`);
  const [first, second] = await lineker.client.messages(2);
  expect(first).toMatchObject({ from: 'messi', to: '#tim', msg_to: '#tim', msg: 'halo' });
  expect(second).toMatchObject({ from: 'henderson', msg: 'halo juga' });
  const toMessi: Frame[] = [];
  while (toMessi.length < 2) toMessi.push(await nextBut(messi.client, 'presence'));
  expect(toMessi).toMatchObject([{ event: 'join', user: 'henderson' }, { msg: 'halo juga' }]);
  const phone = await LiveClient.login(server.address, 'lineker');
  await phone.client.ask(`inbox ${phone.token}`);
  let read = await lineker.client.event();
  while (read['event'] !== 'read') read = await lineker.client.event();
  expect(read).toEqual({ event: 'read', id: second!['id'] });
  await messi.client.ask(`remove ${messi.token} #tim lineker`);
  let gone = await nextBut(lineker.client, 'presence');
  while (gone['event'] === 'join') gone = await nextBut(lineker.client, 'presence');
  expect(gone).toMatchObject({ event: 'leave', user: 'lineker' });
  await messi.client.ask(`send ${messi.token} #tim without lineker`);
  await lineker.client.ask('ping');
  expect(lineker.client.events.some(({ msg }) => msg === 'without lineker')).toBe(false);
});

test('a connection subscribes with sixteen users; one more takes the place of the oldest', async () => {
  await server.stop();
  server = await ServerProcess.start(['--threads', '2', '--open-registration']);
  const { client: sender, token } = await LiveClient.login(server.address, 'messi');
  const client = await LiveClient.connect(server.address);
  const names = Array.from({ length: 17 }, (_, index) => `user-${index}`);
  for (const name of names) {
    await client.ask(`register ${name} rahasia`);
    const { tokenid } = await client.ask(`auth ${name} rahasia`);
    expect(await client.ask(`subscribe ${String(tokenid)}`)).toMatchObject({ status: 'OK' });
  }
  for (const name of names) await sender.ask(`send ${token} ${name} halo`);
  expect((await client.messages(16)).map(({ to }) => to)).toEqual(names.slice(1));
});

test('a connection that has not subscribed gets replies and nothing else', async () => {
  const { client: messi, token } = await LiveClient.login(server.address, 'messi');
  const quiet = await LiveClient.login(server.address, 'lineker');
  const live = await LiveClient.login(server.address, 'lineker');
  await live.client.ask(`subscribe ${live.token}`);
  for (const text of textsUpTo(100)) await messi.ask(`send ${token} lineker ${text}`);
  await live.client.messages(100);
  await live.client.ask(`inbox ${live.token}`);
  await quiet.client.ask('ping');
  server.signal('SIGTERM');
  expect(await quiet.client.socket.rest()).toBe('');
  expect(quiet.client.events).toEqual([]);
  await server.exited;
});

test('a stop says when to come back; what was not acknowledged is there again afterwards, and only that', async () => {
  const folder = new TemporaryFolder();
  const data = folder.file('data');
  const first = await ServerProcess.start(['--threads', '2'], { data });
  const { client: messi, token } = await LiveClient.login(first.address, 'messi');
  const { client: lineker, token: own } = await LiveClient.login(first.address, 'lineker');
  await lineker.ask(`subscribe ${own}`);
  for (const text of textsUpTo(4)) await messi.ask(`send ${token} lineker ${text}`);
  const messages = await lineker.messages(4);
  await lineker.ask(`ack ${own} ${String(messages[1]!['id'])}`);
  const stopped = first.stop();
  const restart = await nextBut(lineker, 'presence');
  expect(restart).toEqual({ event: 'restart', retry_ms: expect.any(Number) as number });
  expect((await stopped).code).toBe(0);
  const second = await ServerProcess.start(['--threads', '2'], { data });
  const again = await LiveClient.connect(second.address);
  await again.ask(`subscribe ${own}`);
  expect(await again.messages(2)).toEqual(messages.slice(2));
  await second.stop();
  folder.remove();
});

/** Waits until it is told that a user comes or goes. */
async function announced(client: LiveClient, user: string, state: string): Promise<void> {
  let event = await client.event();
  while (event['user'] !== user || event['state'] !== state) event = await client.event();
}
