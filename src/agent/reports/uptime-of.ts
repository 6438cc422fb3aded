/** The host's uptime, as reports and heartbeats have it. */
import type { Uptime } from '#contracts/host/host-link.ts';
import type { AgentOptions } from '../agent-options.ts';

/** Nothing where the host does not say it: an uptime is never a reason to miss a heartbeat. */
export async function uptimeOf({
  uptime,
}: Pick<AgentOptions, 'uptime'>): Promise<{ uptime?: Uptime }> {
  const line = await uptime?.().catch(() => undefined);
  return line === undefined ? {} : { uptime: line };
}
