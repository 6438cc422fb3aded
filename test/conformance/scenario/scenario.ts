/**
 * Plays a recorded scenario through the public API of an all-in-one with simulated hosts, and
 * compares after every step.
 */
import { isComputeError } from '#core/errors.ts';
import { type BootOutcome, bootAll } from './boot.ts';
import type { ExpectedStep, ScenarioInput, ScenarioState, ScenarioStep } from './case.ts';
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
    const better: string[] = [];
    const problem = await playScript(world, { script: input.script, expected, better });
    if (problem !== undefined) return failed(problem);
    return better.length === 0 ? passed : { kind: 'better', how: better.join('; ') };
  } finally {
    await world.stop();
  }
}

/** `better`: where the product is right and the recording is not. */
interface Script {
  script: readonly ScenarioStep[];
  expected: readonly ExpectedStep[];
  better: string[];
}

async function playScript(
  world: World,
  { script, expected, better }: Script,
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
      (await playStep(world, played, { before: expected[at - together.length]?.state, better })) ??
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

/** The recorded state before the step, and the list for what is better. */
interface Recording {
  before: ScenarioState | undefined;
  better: string[];
}

async function playStep(
  world: World,
  played: readonly Played[],
  recording: Recording,
): Promise<string | undefined> {
  const [first] = played;
  const wantsRefusal = first?.expected.error !== undefined;
  try {
    if (first?.step.do === 'boot') {
      const outcomes = await bootAll(world, played);
      if (wantsRefusal) return 'was accepted, must be refused';
      return played.map((one, at) => bootDifference(one, outcomes[at], recording)).find(Boolean);
    }
    for (const { step } of played) await verbs[step.do]?.(world, step);
    return wantsRefusal ? 'was accepted, must be refused' : undefined;
  } catch (error) {
    if (!isComputeError(error)) throw error;
    return wantsRefusal ? undefined : `was refused: ${error.message}`;
  }
}

// oxlint-disable-next-line max-params -- the recording, the result, and what is known beside
function bootDifference(
  { step, expected }: Played,
  outcome: BootOutcome | undefined,
  { before, better }: Recording,
) {
  if (outcome === undefined) return `${step.server}: no outcome`;
  if (outcome.status !== expected.status) {
    return `${step.server}: status: expected ${expected.status}, got ${outcome.status}`;
  }
  if (expected.valid_hosts === undefined) return undefined;
  const valid = JSON.stringify(expected.valid_hosts.toSorted());
  const got = JSON.stringify(outcome.validHosts);
  if (valid === got) return undefined;
  const difference = `${step.server}: valid_hosts: expected ${valid}, got ${got}`;
  if (!isStale(expected.valid_hosts, outcome.validHosts, before)) return difference;
  better.push(`${difference}: the others have no device left, as recorded`);
  return undefined;
}

/**
 * The reference filters by figures that it refreshes later: it accepts hosts of which its own
 * recording shows that no device is free. Only such hosts may be missing.
 */
// oxlint-disable-next-line max-params -- recorded, seen, and the recorded state
function isStale(
  recorded: readonly string[],
  seen: readonly string[],
  before: ScenarioState | undefined,
): boolean {
  const missing = recorded.filter((host) => !seen.includes(host));
  const isFull = (host: string) =>
    Object.values(before?.hosts?.[host]?.devices ?? { unknown: { available: 1 } }).every(
      ({ available }) => available === 0,
    );
  return seen.every((host) => recorded.includes(host)) && missing.every(isFull);
}
