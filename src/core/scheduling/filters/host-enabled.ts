/** Refuses a host whose service the administrator disabled. Source: Nova `ComputeFilter`. */
import type { Filter } from '../filter.ts';

export const hostEnabled: Filter = {
  name: 'enabled',
  passes: (host) => host.enabled,
  check(host) {
    if (host.enabled) return [];
    const why = host.disabledReason === null ? '' : `: ${host.disabledReason}`;
    return [{ code: 'host-disabled', message: `disabled${why}` }];
  },
};
