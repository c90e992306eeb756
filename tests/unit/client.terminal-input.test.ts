/** Goal: typing as on a terminal: what is read, what is echoed, what is remembered. The real readline, on streams. */
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { TerminalInput, type Typed } from '../../client/terminal-input';

const controlC = '\u0003';
const controlD = '\u0004';
const enter = '\r';
const left = '\u001b[D';
const up = '\u001b[A';

class Screen extends PassThrough {
  readonly columns = 80;
  readonly rows = 24;
  shown = '';

  constructor() {
    super();
    this.setEncoding('utf8').on('data', (text: string) => (this.shown += text));
  }

  /** Resolves once this text has been shown. */
  async shows(text: string): Promise<void> {
    while (!this.shown.includes(text)) await once(this, 'data');
  }
}

/** A user at a terminal: types keys, and sees what is shown. */
class Desk {
  readonly keys = new PassThrough();
  readonly screen = new Screen();
  readonly events: string[] = [];
  readonly input = new TerminalInput(this.keys, this.screen, {
    complete: (line) => [['inbox'].filter((name) => name.startsWith(line)), line],
    onInterrupt: () => this.events.push('interrupt'),
    onAbandon: () => this.events.push('abandon'),
  });

  /** Types while a line is read. */
  type(keys: string): Promise<Typed> {
    const typed = this.input.readLine('Command :');
    this.keys.write(keys);
    return typed;
  }

  typeSecret(keys: string): Promise<Typed> {
    const typed = this.input.readSecret('Password: ');
    this.keys.write(keys);
    return typed;
  }
}

describe('a line', () => {
  let desk: Desk;

  beforeEach(() => {
    desk = new Desk();
  });

  afterEach(() => {
    desk.input.close();
  });

  test('is shown as it is typed, after the prompt', async () => {
    expect(await desk.type(`inbox${enter}`)).toEqual({ kind: 'line', text: 'inbox' });
    expect(desk.screen.shown).toContain('Command :');
    expect(desk.screen.shown).toContain('inbox');
  });

  test('is completed by Tab', async () => {
    const typed = desk.type('in');
    desk.keys.write('\t');
    await desk.screen.shows('inbox');
    desk.keys.write(enter);
    expect(await typed).toEqual({ kind: 'line', text: 'inbox' });
  });

  test('comes back by the arrow key, unless it may hold a password', async () => {
    await desk.type(`inbox${enter}`);
    await desk.type(`auth messi surabaya${enter}`);
    await desk.type(`  passwd a b${enter}`);
    await desk.type(`register siti rahasia${enter}`);
    expect(await desk.type(`${up}${enter}`)).toEqual({ kind: 'line', text: 'inbox' });
  });

  test('typed or pasted before it is asked for is not lost', async () => {
    const first = await desk.type(`one${enter}two${enter}three${enter}`);
    const others = [await desk.input.readLine(':'), await desk.input.readLine(':')];
    expect([first, ...others]).toEqual(['one', 'two', 'three'].map((text) => ({ kind: 'line', text })));
  });

  test('is pasted to where the cursor is', async () => {
    const typed = desk.type(`send lineker jumpa malam${left.repeat(5)}`);
    desk.keys.write('besok ');
    desk.keys.write(`pada ${left.repeat(5)}hari\t ini ${enter}`);
    expect(await typed).toEqual({ kind: 'line', text: 'send lineker jumpa besok hari\t ini pada malam' });
  });

  test('pasted by the hundred is not lost', async () => {
    const texts = Array.from({ length: 350 }, (_, index) => `line ${index}`);
    const read: Typed[] = [await desk.type(texts.map((text) => text + enter).join(''))];
    while (read.length < texts.length) read.push(await desk.input.readLine(':'));
    expect(read).toEqual(texts.map((text) => ({ kind: 'line', text })));
  });
});

describe('a secret', () => {
  let desk: Desk;

  beforeEach(() => {
    desk = new Desk();
  });

  afterEach(() => {
    desk.input.close();
  });

  test('is neither shown nor remembered', async () => {
    await desk.type(`inbox${enter}`);
    expect(await desk.typeSecret(`surabaya${enter}`)).toEqual({ kind: 'line', text: 'surabaya' });
    expect(desk.screen.shown).toContain('Password: ');
    expect(desk.screen.shown).not.toMatch(/sura|baya/);
    expect(await desk.type(`${up}${enter}`)).toEqual({ kind: 'line', text: 'inbox' });
    expect(desk.screen.shown.endsWith('\n')).toBe(true);
  });

  test('pasted ahead is not remembered either', async () => {
    await desk.type(`auth messi${enter}surabaya${enter}`);
    expect(await desk.input.readSecret('Password: ')).toEqual({ kind: 'line', text: 'surabaya' });
    expect(await desk.type(`${up}ping${enter}`)).toEqual({ kind: 'line', text: 'ping' });
  });

  test('is forgotten by Ctrl-C, and echo comes back', async () => {
    expect(await desk.typeSecret(`sura${controlC}`)).toEqual({ kind: 'interrupted' });
    expect(await desk.type(`ping${enter}`)).toEqual({ kind: 'line', text: 'ping' });
    expect(desk.screen.shown).toContain('ping');
  });
});

describe('leaving', () => {
  test('Ctrl-D on an empty line leaves, and so does every later read', async () => {
    const desk = new Desk();
    expect(await desk.type(controlD)).toEqual({ kind: 'left' });
    expect(await desk.input.readLine(':')).toEqual({ kind: 'left' });
  });

  test('Ctrl-C clears the line, twice leaves', async () => {
    const desk = new Desk();
    expect(await desk.type(`inb${controlC}`)).toEqual({ kind: 'interrupted' });
    expect(desk.events).toEqual([]);
    expect(await desk.type(controlC)).toEqual({ kind: 'left' });
  });

  test('Ctrl-C on an empty line says that another one leaves, and a command in between takes that back', async () => {
    const desk = new Desk();
    expect(await desk.type(controlC)).toEqual({ kind: 'interrupted' });
    expect(desk.events).toEqual(['interrupt']);
    expect(await desk.type(`ping${enter}`)).toEqual({ kind: 'line', text: 'ping' });
    expect(await desk.type(controlC)).toEqual({ kind: 'interrupted' });
    desk.input.close();
  });

  test('a second Ctrl-C while nobody reads abandons what is waited for', async () => {
    const desk = new Desk();
    await desk.type(`inbox${enter}${controlC}${controlC}`);
    expect(desk.events).toEqual(['interrupt', 'abandon']);
    expect(await desk.input.readLine(':')).toEqual({ kind: 'left' });
  });

  test('close ends the read that waits', async () => {
    const desk = new Desk();
    const typed = desk.type('half a li');
    desk.input.close();
    expect(await typed).toEqual({ kind: 'left' });
  });
});
