/** Goal: the real chat-client, against a server of the seed's family, prints the seed's transcript line for line. */
import { ChatConnection } from '../../client';
import { ClientProcess } from '../support/client-process';
import { SeedServer } from '../support/seed-server';

const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}/;

describe('the seed’s transcript', () => {
  let seed: SeedServer;
  let others: ChatConnection;

  beforeEach(async () => {
    seed = await SeedServer.start();
    others = await ChatConnection.connect('127.0.0.1', seed.port);
  });

  afterEach(async () => {
    await others.close();
    await seed.stop();
  });

  test('typed command by command', async () => {
    const client = ClientProcess.start('connect', `127.0.0.1:${seed.port}`);
    const lineker = await others.auth('lineker', 'surabaya');
    await others.send(lineker, 'messi', 'anjay lu jago amat ');

    const loggedIn = await client.enter('auth messi surabaya');
    const token = uuid.exec(loggedIn)?.[0];
    expect(loggedIn).toBe(`username messi logged in, token ${token}`);
    expect(await client.enter('send henderson anjay gua ganteng')).toBe('message sent to henderson');
    expect(await client.enter('inbox')).toBe(
      String.raw`{"lineker": [{"msg_from": "Gary Lineker", "msg_to": "Lionel Messi", "msg": " anjay lu jago amat \r\n"}]}`,
    );
    await others.auth('henderson', 'surabaya');
    expect(await client.enter('activeuser')).toBe('Active User: "lineker, messi, henderson, "');
    expect(await client.enter('active')).toBe('Active User: "lineker, messi, henderson, "');
    expect(await client.enter('logout')).toBe('Logout success!');

    expect(await client.end()).toMatchObject({ code: 0, stderr: '' });
    expect(seed.received).toContain('auth messi surabaya\r\n');
    expect(seed.received).toContain(`send ${token} henderson anjay gua ganteng\r\n`);
    expect(seed.received).toContain(`activeuser ${token}\r\n`);
  });

  test('its errors, from a pipe', async () => {
    const input = [
      'inbox',
      'auth messi salah',
      'auth ronaldo surabaya',
      'auth messi',
      'nosuch',
      'auth messi surabaya',
      'send ronaldo halo',
      'send henderson',
      'logout',
      'activeuser',
    ];
    const { code, stdout, stderr } = await ClientProcess.run(
      ['connect', `127.0.0.1:${seed.port}`],
      input.map((line) => `${line}\n`).join(''),
    );
    expect(stdout.replace(uuid, 'TOKEN').split('\n')).toEqual([
      'Error, not authorized',
      'Error, Password Salah',
      'Error, User Tidak Ada',
      'Error, Command tidak benar',
      'Error, Command tidak benar',
      'username messi logged in, token TOKEN',
      'Error, User tidak ditemukan',
      'Error, Command tidak benar',
      'Logout success!',
      'Error, not authorized',
      '',
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test('with --verbose, what is received is shown as the seed’s client shows it', async () => {
    const { code, stdout } = await ClientProcess.run(
      ['connect', '--verbose', `127.0.0.1:${seed.port}`],
      'auth messi surabaya\nsend henderson anjay gua ganteng\n',
    );
    const token = uuid.exec(stdout)?.[0];
    expect(stdout.split('\n')).toEqual([
      String.raw`diterima dari server b'{"status": "OK", "tokenid": "${token}"}\r\n\r\n'`,
      'end of string',
      `username messi logged in, token ${token}`,
      `send ${token} henderson anjay gua ganteng`,
      '',
      String.raw`diterima dari server b'{"status": "OK", "message": "Message Sent"}\r\n\r\n'`,
      'end of string',
      'message sent to henderson',
      '',
    ]);
    expect(code).toBe(0);
  });

  test('a login that the server has forgotten is explained, and a new one works', async () => {
    const client = ClientProcess.start('connect', `127.0.0.1:${seed.port}`);
    await client.enter('auth messi surabaya');
    seed.forgetSessions();
    expect(await client.enter('inbox')).toBe('Error, Session Tidak Ditemukan');
    expect(await client.enter('inbox')).toBe('Error, not authorized');
    expect(await client.enter('auth messi surabaya')).toMatch(/^username messi logged in, token /);
    const { code, stderr } = await client.end();
    expect(stderr).toContain('Log in again');
    expect(code).toBe(0);
  });
});
