import { issueToken } from '../../shared/protocol/token';
import { StoredText } from '../../shared/store/stored-text';
import { type SlowCommand, toSeconds } from '../command';

/** `auth <username> <password>`: opens a session. Unknown users cost the same time as known ones. */
export const auth: SlowCommand = {
  name: 'auth',
  parameters: [
    { kind: 'name', label: 'username' },
    { kind: 'password', label: 'password' },
  ],
  needsSession: false,
  summary: 'log in; the reply holds the token of the new session',

  begin({ store, request, requestBytes }) {
    const password = requestBytes.toString('utf8', request.password.start, request.password.end);
    const credentials = request.nameIsWellFormed ? store.credentialsOf(request.name) : undefined;
    // What is no name at all is counted as one account: nobody can have it.
    const account = request.nameIsWellFormed ? request.name.toString() : '';
    const countedAs = { kind: 'password', account, isKnown: credentials !== undefined } as const;
    if (credentials === undefined) return { countedAs, job: { kind: 'verifyNobody', password }, state: {} };
    const { passwordHash, ...checked } = credentials;
    return { countedAs, job: { kind: 'verify', password, passwordHash }, state: checked };
  },

  finish(context, state, { verified, newHash }) {
    const { store, reply } = context;
    const { user, passwordEpoch } = state as { user?: number; passwordEpoch: number };
    if (user === undefined) {
      context.countedOutcome = 'unknownUser';
      reply.error('NO_SUCH_USER');
      return;
    }
    if (!verified) {
      context.countedOutcome = 'wrongPassword';
      reply.error('WRONG_PASSWORD');
      return;
    }
    context.countedOutcome = 'rightPassword';
    const words = new Int32Array(4);
    const token = issueToken(words);
    const outcome = store.openSession({ user, passwordEpoch }, words, toSeconds(context.nowMs));
    if (outcome !== 'OK') {
      reply.error(outcome);
      return;
    }
    if (newHash !== undefined)
      store.renewPasswordHash({ user, passwordEpoch }, StoredText.fromAscii(newHash));
    context.sessionUser = user;
    reply.reply({ status: 'OK', tokenid: token });
  },
};
