import type { OutputLine, Step } from './step';

/** Asks for something that must not be echoed; resolves with undefined when the user would rather not say. */
export type AskSecret = (question: string) => Promise<string | undefined>;

/** Whoever has the connection and the screen. */
export interface StepRunner {
  print(lines: readonly OutputLine[]): void;
  exchange(step: Step & { do: 'request' }): Promise<void>;
  post(step: Step & { do: 'post' }): Promise<void>;
}

/** Carries out what a typed line leads to, to its end. */
export async function carryOut(
  first: Step,
  runner: StepRunner,
  askSecret: AskSecret,
): Promise<'stay' | 'leave'> {
  let step: Step | undefined = first;
  while (step !== undefined) {
    if (step.do === 'leave') return 'leave';
    if (step.do === 'print') runner.print(step.lines);
    else if (step.do === 'request') await runner.exchange(step);
    else if (step.do === 'post') await runner.post(step);
    step = step.do === 'ask' ? await answersTo(step, askSecret) : undefined;
  }
  return 'stay';
}

async function answersTo(
  { questions, answered }: Step & { do: 'ask' },
  askSecret: AskSecret,
): Promise<Step | undefined> {
  const answers: string[] = [];
  for (const question of questions) {
    const answer = await askSecret(question);
    if (answer === undefined) return undefined;
    answers.push(answer);
  }
  return answered(answers);
}
