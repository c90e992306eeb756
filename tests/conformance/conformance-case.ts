import type { Scene } from './scene';

/** One named promise of the contract, checked over a real connection. */
export interface ConformanceCase {
  /** The section of PROTOCOL.md that promises it. */
  readonly section: 1 | 2 | 3;
  /** What holds when the case passes. */
  readonly name: string;
  /** Resolves when the promise holds; throws `Mismatch`, `NotApplicable`, or whatever broke the connection. */
  readonly run: (scene: Scene) => Promise<void>;
}

/** One row of a table of cases: rule(2, …) is a rule of section 2 of the contract. */
export function rule(
  section: ConformanceCase['section'],
  name: string,
  run: ConformanceCase['run'],
): ConformanceCase {
  return { section, name, run };
}
