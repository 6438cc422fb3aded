/** Removes a host that will not return, with all its data. */
import { ComputeError } from '#core/errors.ts';
import type { WorkflowContext } from '../engine/context.ts';

/**
 * Removes the host's rows, devices, commands and token; deleted servers no longer wait for it. A
 * host of this name may be enrolled again later. Throws `notFound` for a name that is neither a
 * host's nor enrolled, `conflict` while the host is alive or linked, and, naming them, while
 * servers are on it.
 */
export async function forgetHost(
  { store, links, wakeup }: WorkflowContext,
  name: string,
): Promise<void> {
  const host = await store.hosts.named(name);
  if (host !== undefined && (links.isAlive(host) || links.silentMs(host) === 0)) {
    throw new ComputeError(
      'conflict',
      `Host ${name} cannot be forgotten while it reports: stop its agent, and wait until the host is down.`,
    );
  }
  if (host !== undefined) {
    await store.hosts.forget(host.id);
    links.forget(host.id);
  }
  const wasEnrolled = await store.enrolments.remove(name);
  if (host === undefined && !wasEnrolled) {
    throw new ComputeError('notFound', `Host ${name} could not be found.`);
  }
  wakeup.notify('enrolments');
}
