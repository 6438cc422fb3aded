/**
 * At the agent's start, before its first report: creates the configured VFs, and cleans up what an
 * earlier agent left half done.
 */
import type { AgentOptions } from '../agent-options.ts';
import { createVfs } from '../devices/create-vfs.ts';
import { cleanUpHost, type HostParts } from '../host-parts.ts';

/**
 * A VF that still has the MAC or VLAN of a guest that is gone would get that guest's traffic: it is
 * cleaned. Guests that are off keep theirs. Nothing is changed while the hypervisor does not
 * answer.
 */
export async function reconcileHost(options: AgentOptions, parts: HostParts): Promise<void> {
  parts.problems.push(...(await createVfs(options, options.vfCounts ?? {})));
  try {
    await cleanUpHost(parts);
  } catch (error) {
    options.log.warn({ err: error, host: options.host }, 'the host could not be prepared');
  }
}
