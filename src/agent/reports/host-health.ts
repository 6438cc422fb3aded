/** The current problems of the host. Host checks are passed in; the hypervisor is queried here. */
import { canonicalText } from '#core/canonical-text.ts';
import { errorText } from '#core/errors.ts';
import { type HostProblem, hypervisorSilent } from '#core/hosts/host-problem.ts';
import type { AgentOptions } from '../agent-options.ts';

/**
 * The problems that the host's own checks find. Never throws: failed checks are a problem too,
 * which keeps no server away.
 */
export async function healthProblems(
  options: Pick<AgentOptions, 'checkHealth'>,
): Promise<HostProblem[]> {
  try {
    return (await options.checkHealth?.()) ?? [];
  } catch (error) {
    const message = `the host checks failed to run: ${errorText(error)}`;
    return [{ code: 'checks-failed', message, blocks: 'none' }];
  }
}

/**
 * The problem of a hypervisor that does not answer. Example message: `the hypervisor does not
 * answer: connection refused`.
 */
export function silentHypervisor(error: unknown): HostProblem {
  const message = `the hypervisor does not answer: ${errorText(error)}`;
  return { code: hypervisorSilent, message, blocks: 'all' };
}

/**
 * A text that differs when the host's health does. `others`: problems that are reported with it.
 */
export async function healthText(
  options: AgentOptions,
  others: readonly HostProblem[],
): Promise<string> {
  const problems = [...others, ...(await healthProblems(options))];
  try {
    await options.hypervisor.facts();
    return healthTextOf(problems);
  } catch (error) {
    return healthTextOf([...problems, silentHypervisor(error)]);
  }
}

/**
 * The same of problems that were reported. Figures in messages change all the time and are ignored.
 */
export function healthTextOf(problems: readonly HostProblem[]): string {
  const known = problems.map(({ code, message, blocks }) => ({
    code,
    blocks,
    message: message.replaceAll(/\d+/g, '#'),
  }));
  return canonicalText(known);
}
