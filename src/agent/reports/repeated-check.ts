/** The periodic checks of a host. */
import type { AgentOptions } from '../agent-options.ts';

/** Repeats at this pace until the returned function is called. */
export function repeatEvery(
  { every }: Pick<AgentOptions, 'every'>,
  ms: number,
  act: () => void,
): () => void {
  if (every !== undefined) return every(ms, act);
  const timer = setInterval(act, ms);
  return () => clearInterval(timer);
}

/**
 * The check, left out while nothing on the host has changed since it last ended without an error;
 * `since`: the state that was read before the first check, if `changes` is known. What the check
 * itself changes counts: a repair that may have to be repeated is repeated.
 */
export function unlessUnchanged(
  { changes }: Pick<AgentOptions, 'changes'>,
  since: number | undefined,
  check: () => Promise<void>,
): () => Promise<void> {
  if (changes === undefined) return check;
  let checked = since;
  return async () => {
    const before = changes();
    if (before === checked) return;
    await check();
    checked = before;
  };
}
