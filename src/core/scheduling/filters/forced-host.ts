/**
 * Refuses every host but the one that the administrator named (`az:host`). Source: Nova
 * `force_hosts`.
 */
import type { Filter } from '../filter.ts';

export const forcedHost: Filter = {
  name: 'forced host',
  isIdle: ({ forcedHost: wanted }) => wanted === null,
  check(host, { forcedHost: wanted }) {
    if (wanted === null || wanted === host.name) return [];
    return [
      { code: 'host-not-forced', message: `${wanted} was requested`, data: { forcedHost: wanted } },
    ];
  },
};
