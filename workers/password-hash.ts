/**
 * Password hashing: argon2id. The only file that knows the library.
 *
 * Parameters: 19 MiB, 2 passes, 1 lane, OWASP's first recommendation, about 18 ms on the machine this was chosen on.
 * Everything here blocks its thread for that long: it runs in hash workers only.
 */
import { randomBytes } from 'node:crypto';
import { hashSync, verifySync } from '@node-rs/argon2';
import type { HashJob, HashOutcome } from '../shared/batch/tasks';

const parameters = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
/** How a hash with the parameters above begins. */
const currentPrefix = `$argon2id$v=19$m=${parameters.memoryCost},t=${parameters.timeCost},p=${parameters.parallelism}$`;

/** The password that nobody has. */
const nobodyHash = hashPassword(randomBytes(32).toString('hex'));

/** The hash as a PHC string, about 97 characters of ASCII. */
function hashPassword(password: string): string {
  // The library's default algorithm is argon2id; the check below holds it to that.
  const passwordHash = hashSync(password, parameters);
  if (!passwordHash.startsWith(currentPrefix)) throw new Error('the password hash has unexpected parameters');
  return passwordHash;
}

export function runHashJob(job: HashJob): HashOutcome {
  switch (job.kind) {
    case 'hash':
      return { verified: true, newHash: hashPassword(job.password) };
    case 'verifyNobody':
      verifySync(nobodyHash, job.password);
      return { verified: false };
    case 'verify':
      if (!verifySync(job.passwordHash, job.password)) return { verified: false };
      if (job.newPassword !== undefined) return { verified: true, newHash: hashPassword(job.newPassword) };
      if (job.passwordHash.startsWith(currentPrefix)) return { verified: true };
      return { verified: true, newHash: hashPassword(job.password) };
  }
}
