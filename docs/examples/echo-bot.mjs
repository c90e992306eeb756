#!/usr/bin/env node
/**
 * Answers every message with what it says.
 *
 *   CHAT_PASSWORD=surabaya node docs/examples/echo-bot.mjs 127.0.0.1:8889 henderson
 *
 * Each message is answered exactly once, even if the bot or the server is killed in between: a message is acknowledged only
 * after its answer is stored, and the key of an answer is made from the message, so that answering again does nothing.
 */
import { LiveChat } from 'benang/client';

const [address = '127.0.0.1:8889', username = 'henderson'] = process.argv.slice(2);
const [host, port] = address.split(':');

const chat = await LiveChat.open({
  host,
  port: Number(port),
  username,
  password: () => process.env.CHAT_PASSWORD ?? 'surabaya',
  onMessage: answer,
});
console.log(`${username} is online`);

chat.on('offline', (reason, retryMs) => console.log(`offline: ${reason.message}; again in ${retryMs} ms`));
chat.on('online', () => console.log('online again'));
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => chat.close());

// Rejects, and so ends the bot, when it cannot go on: a wrong password, or an error thrown in `answer`.
await chat.closed;

async function answer(message) {
  if (message.from === username) return;
  const isInRoom = message.to.startsWith('#');
  const text = isInRoom ? `${message.fromName} says: ${message.text}` : message.text;
  try {
    await chat.post(isInRoom ? message.to : message.from, text, `echo-${message.id}`);
  } catch (error) {
    // The server's last word, such as INBOX_FULL: go on with the next message.
    console.log(`not answered: ${error.message} (${error.code})`);
  }
}
