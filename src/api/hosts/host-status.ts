/** Whether a host is up, in the API's terms. */
import type { HostSummary } from '#contracts/store/store.ts';
import type { ApiContext } from '../requests/context.ts';

/** What decides it. */
type Linked = Pick<HostSummary, 'id' | 'forcedDown' | 'lastSeenAt'>;

/** Its agent is linked or was lately, and no operator forced it down. */
export function isUp(context: ApiContext, host: Linked): boolean {
  return context.links.isAlive(host);
}

/**
 * `host_status` of a server (microversion 2.16): '' while it is on no host. Source: Nova
 * `HostStatus`.
 */
export function hostStatus(
  context: ApiContext,
  host: (Linked & Pick<HostSummary, 'enabled'>) | undefined,
): string {
  if (host === undefined) return '';
  if (!host.enabled) return 'MAINTENANCE';
  if (host.forcedDown) return 'DOWN';
  return isUp(context, host) ? 'UP' : 'UNKNOWN';
}
