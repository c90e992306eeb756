import { ChatConnection } from '../../client';
import { findFreePort } from './free-port';
import { ServerProcess } from './server-process';
import { TemporaryFolder } from './temporary-folder';
import { TerminalSession } from './terminal-session';

const password = 'surabaya';
const size = { columns: 80, rows: 24 };

/** A server on one address, which can be restarted, and the other one who talks. */
class Stage {
  private readonly folder = new TemporaryFolder();
  private server: ServerProcess | undefined;
  private port = 0;

  async open(): Promise<void> {
    if (this.port === 0) this.port = await findFreePort();
    this.server = await this.startOn(this.port);
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  async stopServer(): Promise<void> {
    await this.server?.stop();
  }

  /** A message from somebody who logs in for it. */
  async say(username: string, destination: string, text: string): Promise<void> {
    const connection = await ChatConnection.connect('127.0.0.1', this.port);
    const token = await connection.auth(username, password);
    await connection.send(token, destination, text);
    await connection.close();
  }

  /** The same from another address, while the server is not at its own: it will have been missed. */
  async sayElsewhere(username: string, destination: string, text: string): Promise<void> {
    const { port } = this;
    this.port = await findFreePort();
    const server = await this.startOn(this.port);
    await this.say(username, destination, text);
    await server.stop();
    this.port = port;
  }

  async close(): Promise<void> {
    await this.server?.stop();
    this.folder.remove();
  }

  private startOn(port: number): Promise<ServerProcess> {
    return ServerProcess.start(['--threads', '2'], { data: this.folder.file('data'), port });
  }
}

/** Plays a conversation on a real terminal with a real server, and returns the page that shows its screens. */
export async function recordTerminal(): Promise<string> {
  const stage = new Stage();
  await stage.open();
  const terminal = await TerminalSession.start(['connect', stage.address], size);
  try {
    return [heading, ...(await scenes(stage, terminal))].join('\n');
  } finally {
    await terminal.end();
    await stage.close();
  }
}

async function scenes(stage: Stage, terminal: TerminalSession): Promise<string[]> {
  await terminal.shows('Command :');
  await terminal.enter(`auth messi ${password}`);
  await terminal.shows('Command messi:');
  await terminal.type('send henderson sampai nan');
  await terminal.shows('sampai nan');
  await stage.say('lineker', 'messi', 'anjay lu jago amat ⚽');
  const first = await terminal.shows('(1 new)');

  await terminal.type('ti');
  await terminal.press('Enter');
  await terminal.shows('message sent to henderson');
  await terminal.enter('reply hehe, makasih!');
  await terminal.shows('message sent to lineker');
  await terminal.enter('/history lineker');
  const second = await terminal.shows(/to lineker: hehe, makasih!\nCommand messi:$/);

  await terminal.type('send lineker besok main lagi?');
  await stage.stopServer();
  await terminal.shows('(offline)');
  await terminal.press('Enter');
  await terminal.shows('1 pending');
  await terminal.type('send henderson masih di');
  const third = await terminal.shows('masih di');
  await stage.sayElsewhere('lineker', 'messi', 'tadi mati lampu');
  await stage.open();
  const fourth = await terminal.shows(/message sent to lineker\n[^\n]*masih di$/);

  return [
    scene('A message comes while something is typed', first),
    scene('The line is sent as it was typed; `reply`; the conversation so far', second),
    scene('The server is stopped in mid-conversation', third),
    scene('It is back: what was missed appears, what was kept is sent, the line is still there', fourth),
  ];
}

const heading = `# The client on a terminal

The screens of a conversation in an 80-column terminal. \`npm run docs:terminal\` plays it, with a real server, and writes this
page; a test plays it too and compares. Tokens, times and the address are examples.
`;

function scene(title: string, screen: string): string {
  return `## ${title}\n\n\`\`\`text\n${withExamples(screen)}\n\`\`\`\n`;
}

/** What differs from one recording to the next becomes an example of the same form. */
function withExamples(screen: string): string {
  return screen
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:8889')
    .replace(/token [0-9a-f-]{36}/g, 'token a695cc5d-e883-4fe5-a239-e8175c4781b6')
    .replace(/\[\d\d:\d\d\]/g, '[06:00]')
    .replace(/back in \d+\.\d s/g, 'back in 1.5 s');
}
