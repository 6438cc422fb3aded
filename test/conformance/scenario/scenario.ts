/**
 * Plays a recorded scenario through the public API of an all-in-one with simulated hosts, and
 * compares after every step.
 */
import { isComputeError } from '#core/errors.ts';
import { type BootOutcome, bootAll } from './boot.ts';
import type { ExpectedStep, ScenarioInput, ScenarioStep } from './case.ts';
import { seenState, slotProblem, stateDifference } from './state.ts';
import { verbs } from './verbs.ts';
import { startWorld, type World } from './world.ts';
import { type CaseOutcome, failed, passed, type VectorCase } from '../topic.ts';

/** One case of the topics `scheduler` and `lifecycle`. */
export async function playScenario(testCase: VectorCase): Promise<CaseOutcome> {
  const input = testCase.input as unknown as ScenarioInput;
  const expected = (testCase.expect as { steps: ExpectedStep[] }).steps;
  const unknown = input.script.find((step) => step.do !== 'boot' && !(step.do in verbs));
  if (unknown !== undefined) return failed(`the step ${unknown.do} has no player`);
  const world = await startWorld(input);
  try {
    const problem = await playScript(world, input.script, expected);
    return problem === undefined ? passed : failed(problem);
  } finally {
    await world.stop();
  }
}

async function playScript(
  world: World,
  script: readonly ScenarioStep[],
  expected: readonly ExpectedStep[],
): Promise<string | undefined> {
  for (let at = 0; at < script.length; at++) {
    const together = [at, ...(script[at + 1]?.stale_scheduler === true ? [at + 1] : [])];
    const played = together.map((place) => ({
      step: script[place] ?? { do: '' },
      expected: expected[place] ?? {},
    }));
    at += together.length - 1;
    const last = played.at(-1);
    const problem =
      (await playStep(world, played)) ??
      stateDifference(last?.expected.state ?? {}, await seenState(world)) ??
      (await slotProblem(world));
    if (problem !== undefined) return `step ${at + 1} (${last?.step.do}): ${problem}`;
  }
  return undefined;
}

interface Played {
  step: ScenarioStep;
  expected: ExpectedStep;
}

async function playStep(world: World, played: readonly Played[]): Promise<string | undefined> {
  const [first] = played;
  const wantsRefusal = first?.expected.error !== undefined;
  try {
    if (first?.step.do === 'boot') {
      const outcomes = await bootAll(world, played);
      if (wantsRefusal) return 'was accepted, must be refused';
      return played.map((one, at) => bootDifference(one, outcomes[at])).find(Boolean);
    }
    for (const { step } of played) await verbs[step.do]?.(world, step);
    return wantsRefusal ? 'was accepted, must be refused' : undefined;
  } catch (error) {
    if (!isComputeError(error)) throw error;
    return wantsRefusal ? undefined : `was refused: ${error.message}`;
  }
}

function bootDifference({ step, expected }: Played, outcome: BootOutcome | undefined) {
  if (outcome === undefined) return `${step.server}: no outcome`;
  if (outcome.status !== expected.status) {
    return `${step.server}: status: expected ${expected.status}, got ${outcome.status}`;
  }
  if (expected.valid_hosts === undefined) return undefined;
  const valid = JSON.stringify(expected.valid_hosts.toSorted());
  const got = JSON.stringify(outcome.validHosts);
  return valid === got ? undefined : `${step.server}: valid_hosts: expected ${valid}, got ${got}`;
}
