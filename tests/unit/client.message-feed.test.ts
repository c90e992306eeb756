/** Goal: what was handled is acknowledged, also when the message that was to stand for it cannot be any more. */
import { ChatError, type ChatMessage } from '../../client';
import { MessageFeed } from '../../client/message-feed';

function message(id: string): ChatMessage {
  return { id, from: 'lineker', fromName: '', to: 'messi', toName: '', text: id, at: new Date(0) };
}

test('what was handled before a message of a room that was left is acknowledged without it', async () => {
  const asked: string[] = [];
  let answerFirst: () => void = () => undefined;
  const first = new Promise<void>((resolve) => {
    answerFirst = resolve;
  });
  let lastIsHandled: () => void = () => undefined;
  const handled = new Promise<void>((resolve) => {
    lastIsHandled = resolve;
  });
  const feed = new MessageFeed(
    ({ id }) => {
      if (id === 'of-the-room') lastIsHandled();
    },
    (reason) => {
      throw reason;
    },
  );
  feed.attach({
    ack: async (id) => {
      asked.push(id);
      if (id === 'first') await first;
      if (id === 'of-the-room') throw new ChatError('NO_SUCH_MESSAGE', 'Pesan tidak ditemukan');
    },
    fetch: () => Promise.resolve({ messages: [], more: false }),
  });
  for (const id of ['first', 'second', 'of-the-room']) feed.take(message(id));
  await handled;
  await new Promise(setImmediate);
  answerFirst();
  await feed.stop();
  expect(asked).toEqual(['first', 'of-the-room', 'second']);
});
