import { encodeReply } from '../../shared/protocol/reply-writer';
import type { Command, QuickCommand } from '../command';

/** `help`: the commands with their parameters, in the order of the table. */
export function helpFor(commands: readonly Command[]): QuickCommand {
  const grammar = { name: 'help', parameters: [], needsSession: false, summary: 'list the commands' };
  const listed = [...commands, { ...grammar }].map(({ name, parameters, summary }) => ({
    command: [
      name,
      ...parameters.map(({ label, optional }) => (optional === true ? `[${label}]` : `<${label}>`)),
    ].join(' '),
    summary,
  }));
  const encoded = encodeReply({ status: 'OK', commands: listed });
  return {
    ...grammar,
    run: ({ reply }) => {
      reply.bytes(encoded);
    },
  };
}
