import { displayNameCharactersMax } from '../../shared/protocol/limits';
import { escapeText } from '../../shared/protocol/json-ascii';
import { Name } from '../../shared/protocol/name';
import { isPassword } from '../../shared/protocol/password';
import { StoredText } from '../../shared/store/stored-text';
import type { SlowCommand } from '../command';

/** `register <username> <password> [display name]`: creates an account, where the server allows it. */
export const register: SlowCommand = {
  name: 'register',
  parameters: [
    { kind: 'name', label: 'username' },
    { kind: 'password', label: 'password' },
    { kind: 'displayName', label: 'display name', optional: true },
  ],
  needsSession: false,
  summary: 'create an account, where the server allows it',

  begin({ store, request, requestBytes, reply, settings }) {
    if (!settings.openRegistration) {
      reply.error('FORBIDDEN');
      return undefined;
    }
    if (!request.nameIsWellFormed) {
      reply.error('BAD_NAME');
      return undefined;
    }
    const username = request.name.toString();
    const { start, end } = request.displayName;
    const displayName = start === end ? username : requestBytes.toString('utf8', start, end);
    if (Array.from(displayName).length > displayNameCharactersMax) {
      reply.error('BAD_NAME');
      return undefined;
    }
    const password = requestBytes.toString('utf8', request.password.start, request.password.end);
    if (!isPassword(password)) {
      reply.error('BAD_PASSWORD');
      return undefined;
    }
    if (store.credentialsOf(request.name) !== undefined) {
      reply.error('USER_EXISTS');
      return undefined;
    }
    const countedAs = { kind: 'registration' } as const;
    return { countedAs, job: { kind: 'hash', password }, state: { username, displayName } };
  },

  finish(context, state, { newHash }) {
    const { store, reply } = context;
    const { username, displayName } = state as { username: string; displayName: string };
    const name = new Name();
    if (newHash === undefined || !name.readText(username))
      throw new Error('register resumed without a hash or a name');
    const outcome = store.createUser(
      name,
      StoredText.fromAscii(escapeText(displayName)),
      StoredText.fromAscii(newHash),
    );
    if (outcome !== 'OK') {
      reply.error(outcome);
      return;
    }
    context.countedOutcome = 'registered';
    reply.reply({ status: 'OK', message: 'Registered' });
  },
};
