/** The host's uptime for reports and heartbeats. */
import type { Uptime } from '#contracts/host/host-link.ts';
import type { AgentOptions } from '../agent-options.ts';

/** Empty when the host does not report it: an uptime is never a reason to miss a heartbeat. */
export async function uptimeOf({
  uptime,
}: Pick<AgentOptions, 'uptime'>): Promise<{ uptime?: Uptime }> {
  const line = await uptime?.().catch(() => undefined);
  return line === undefined ? {} : { uptime: line };
}
