import { encodeReply } from '../../shared/protocol/reply-writer';
import type { QuickCommand } from '../command';

const pong = encodeReply({ status: 'OK', message: 'pong' });

/** `ping`: whether the server lives. */
export const ping: QuickCommand = {
  name: 'ping',
  parameters: [],
  needsSession: false,
  summary: 'ask whether the server lives',
  run: ({ reply }) => {
    reply.bytes(pong);
  },
};
