/** Goal: a post is stored once, however often it is asked for, and its reply says which message it was. */
import { FilledSlot } from '../support/filled-slot';

const password = 'surabaya';

/** Messi is user 1, henderson 2, lineker 3. */
function family(ringWords = 0): { filled: FilledSlot; messi: string; lineker: string } {
  const filled = new FilledSlot({ ringWords });
  for (const name of ['messi', 'henderson', 'lineker']) filled.createUser(name, `The ${name}`, password);
  return { filled, messi: filled.logIn('messi', password), lineker: filled.logIn('lineker', password) };
}

function posted(id: string, duplicate: boolean): string {
  return `{"status": "OK", "id": "${id}", "duplicate": ${duplicate}}`;
}

function codeOf(reply: string): unknown {
  return (JSON.parse(reply) as { code?: string }).code;
}

function unread(filled: FilledSlot, token: string): [string, string][] {
  const page = JSON.parse(filled.ask(`fetch ${token}`)) as { messages: { id: string; msg: string }[] };
  return page.messages.map(({ id, msg }) => [id, msg]);
}

test('a post is a message; again, it is the same one, whatever it says and whomever it names', () => {
  const { filled, messi, lineker } = family();
  expect(filled.ask(`post ${lineker} k-1 messi  halo "bung" `)).toBe(posted('1-1', false));
  for (const rest of ['messi halo "bung"', 'messi something else', 'henderson halo', 'nobody halo'])
    expect(filled.ask(`post ${lineker}   k-1  ${rest}`)).toBe(posted('1-1', true));
  expect(filled.ask(`post ${lineker} k-2 messi lagi\r`)).toBe(posted('2-1', false));
  expect(unread(filled, messi)).toEqual([
    ['1-1', 'halo "bung"'],
    ['2-1', 'lagi'],
  ]);
  filled.ask(`inbox ${messi}`);
  expect(filled.ask(`post ${lineker} k-1 messi halo`)).toBe(posted('1-1', true));
  expect(unread(filled, messi)).toEqual([]);
});

test('a key is its sender’s own, in all sessions', () => {
  const { filled, messi, lineker } = family();
  const other = filled.logIn('lineker', password);
  expect(filled.ask(`post ${lineker} same messi one`)).toBe(posted('1-1', false));
  expect(filled.ask(`post ${messi} same messi two`)).toBe(posted('2-1', false));
  expect(filled.ask(`post ${other} same messi three`)).toBe(posted('1-1', true));
});

test('a post that was refused is not remembered', () => {
  const { filled, lineker } = family();
  expect(codeOf(filled.ask(`post ${lineker} k nobody halo`))).toBe('RECIPIENT_NOT_FOUND');
  expect(codeOf(filled.ask(`post ${lineker} k n@body halo`))).toBe('RECIPIENT_NOT_FOUND');
  expect(codeOf(filled.ask(`post ${lineker} k messi ${'x'.repeat(4_097)}`))).toBe('MESSAGE_TOO_LONG');
  expect(filled.ask(`post ${lineker} k messi halo`)).toBe(posted('1-1', false));
});

test('a post again finds its message also where a new one would not fit', () => {
  const filled = new FilledSlot({ inboxMessagesMax: 1 });
  for (const name of ['messi', 'lineker']) filled.createUser(name, name, password);
  const lineker = filled.logIn('lineker', password);
  expect(filled.ask(`post ${lineker} k messi halo`)).toBe(posted('1-1', false));
  expect(codeOf(filled.ask(`post ${lineker} l messi halo`))).toBe('INBOX_FULL');
  expect(filled.ask(`post ${lineker} k messi halo`)).toBe(posted('1-1', true));
});

test.each(['x'.repeat(65), 'é', 'a\u00a0b'])('a key that is none is a bad command: %s', (key) => {
  const { filled, lineker } = family();
  expect(codeOf(filled.ask(`post ${lineker} ${key} messi halo`))).toBe('BAD_COMMAND');
});

test('any visible ASCII makes a key, up to 64 characters, and every character counts', () => {
  const { filled, lineker } = family();
  const keys = ['!', '~', '"\\{}', 'A', 'a', 'x'.repeat(63), 'x'.repeat(64), `${'x'.repeat(63)}y`];
  for (const [index, key] of keys.entries())
    expect(filled.ask(`post ${lineker} ${key} messi halo`)).toBe(posted(`${index + 1}-1`, false));
  for (const [index, key] of keys.entries())
    expect(filled.ask(`post ${lineker} ${key} messi halo`)).toBe(posted(`${index + 1}-1`, true));
});

test('a post, and one that finds its message not on disk yet, wait for the disk', () => {
  const { filled, lineker } = family(262_144);
  const awaits = (): boolean => filled.run(`post ${lineker} k messi halo\n`)[0]!.awaitsDisk;
  filled.reachDisk();
  expect(awaits()).toBe(true);
  expect(awaits()).toBe(true);
  filled.reachDisk();
  expect(awaits()).toBe(false);
});

test('a post to a room is one message for all its members, and its key works as to a user', () => {
  const filled = new FilledSlot({ roomsMax: 2, membersMax: 8 });
  for (const name of ['messi', 'lineker']) filled.createUser(name, name, password);
  const [messi, lineker] = [filled.logIn('messi', password), filled.logIn('lineker', password)];
  for (const token of [messi, lineker]) filled.ask(`join ${token} #tim`);
  expect(codeOf(filled.ask(`post ${lineker} k #nowhere halo`))).toBe('NO_SUCH_ROOM');
  // Joining has taken sequences, too.
  expect(filled.ask(`post ${lineker} k #tim halo`)).toBe(posted('3-R1', false));
  for (const destination of ['#tim', 'messi', '#nowhere'])
    expect(filled.ask(`post ${lineker} k ${destination} halo`)).toBe(posted('3-R1', true));
  expect(unread(filled, messi)).toEqual([['3-R1', 'halo']]);
  expect(unread(filled, lineker)).toEqual([]);
});
