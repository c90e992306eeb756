import { isPassword } from '../../shared/protocol/password';
import { StoredText } from '../../shared/store/stored-text';
import { TextCollector } from '../../shared/store/text-collector';
import type { SlowCommand } from '../command';

/** `passwd <token> <old> <new>`: changes the password and ends the user's other sessions. */
export const passwd: SlowCommand = {
  name: 'passwd',
  parameters: [
    { kind: 'token', label: 'token' },
    { kind: 'password', label: 'old' },
    { kind: 'newPassword', label: 'new' },
  ],
  needsSession: true,
  summary: 'change the password; ends the user’s other sessions',

  begin({ store, request, requestBytes, reply, user }) {
    const newPassword = requestBytes.toString('utf8', request.newPassword.start, request.newPassword.end);
    if (!isPassword(newPassword)) {
      reply.error('BAD_PASSWORD');
      return undefined;
    }
    const password = requestBytes.toString('utf8', request.password.start, request.password.end);
    const { passwordHash, ...checked } = store.credentialsOfUser(user);
    const [word0, word1, word2, word3] = request.token as unknown as [number, number, number, number];
    const account = new TextCollector();
    store.copyName(user, account);
    return {
      countedAs: { kind: 'password', account: account.text, isKnown: true },
      job: { kind: 'verify', password, passwordHash, newPassword },
      state: { ...checked, word0, word1, word2, word3 },
    };
  },

  finish(context, state, { verified, newHash }) {
    const { store, reply } = context;
    context.countedOutcome = verified ? 'rightPassword' : 'wrongPassword';
    if (!verified) {
      reply.error('WRONG_PASSWORD');
      return;
    }
    if (newHash === undefined) throw new Error('passwd resumed without a hash');
    const { user, passwordEpoch, word0, word1, word2, word3 } = state as Record<string, number>;
    const token = Int32Array.of(word0!, word1!, word2!, word3!);
    const outcome = store.changePassword(
      { user: user!, passwordEpoch: passwordEpoch! },
      StoredText.fromAscii(newHash),
      token,
    );
    if (outcome !== 'OK') {
      reply.error(outcome);
      return;
    }
    context.endedSessionsOf = user!;
    reply.reply({ status: 'OK', message: 'Password Changed' });
  },
};
