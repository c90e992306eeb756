import { NotApplicable } from './case-errors';
import type { ConformanceCase } from './conformance-case';
import { Scene, type SceneSettings } from './scene';

export type CaseResult =
  | { readonly outcome: 'passed' }
  | { readonly outcome: 'skipped'; readonly reason: string }
  | { readonly outcome: 'failed'; readonly error: Error };

/** Plays one case on a scene of its own. A case that cannot clean up after itself has failed too. */
export async function runCase(testCase: ConformanceCase, settings: SceneSettings): Promise<CaseResult> {
  try {
    const scene = await Scene.open(settings);
    try {
      await testCase.run(scene);
    } finally {
      await scene.close();
    }
    return { outcome: 'passed' };
  } catch (reason) {
    if (reason instanceof NotApplicable) return { outcome: 'skipped', reason: reason.message };
    return { outcome: 'failed', error: reason instanceof Error ? reason : new Error(String(reason)) };
  }
}
