/** What a client is told that has to come back later. Written out by hand, like the replies of the contract. */
export const rateLimited =
  /^\{"status": "ERROR", "message": "[ -~]+", "code": "RATE_LIMITED", "retry_ms": ([1-9][0-9]*)\}\r\n\r\n$/;

export function retryMsOf(reply: string): number {
  const found = rateLimited.exec(reply);
  if (found === null) throw new Error(`no RATE_LIMITED: ${reply}`);
  return Number(found[1]);
}
