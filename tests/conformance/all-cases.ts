import { accountCases } from './account-cases';
import type { ConformanceCase } from './conformance-case';
import { framingCases } from './framing-cases';
import { historyCases } from './history-cases';
import { malformedCases } from './malformed-cases';
import { messageCases } from './message-cases';
import { postCases } from './post-cases';
import { roomCases } from './room-cases';
import { sessionCases } from './session-cases';
import { unreadCases } from './unread-cases';

/** The whole table: what the contract promises to every client, in the order of its pages. */
export const allCases: readonly ConformanceCase[] = [
  ...framingCases,
  ...malformedCases,
  ...sessionCases,
  ...messageCases,
  ...accountCases,
  ...unreadCases,
  ...postCases,
  ...historyCases,
  ...roomCases,
];
