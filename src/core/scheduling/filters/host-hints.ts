/**
 * Refuses a host by the hints `same_host` and `different_host`. Source: Nova `SameHostFilter`,
 * `DifferentHostFilter`.
 */
import type { Filter } from '../filter.ts';

/** Passes the host of any of the servers named; with none of them on a host, no host passes. */
export const sameHost: Filter = {
  name: 'same_host',
  isIdle: ({ sameHost: wanted = null }) => wanted === null,
  check(host, { sameHost: wanted = null }) {
    if (wanted === null || wanted.includes(host.name)) return [];
    const message =
      wanted.length === 0
        ? 'the servers named are on no host'
        : `the servers named are on ${[...new Set(wanted)].sort().join(', ')}`;
    return [{ code: 'not-same-host', message, data: { hosts: wanted } }];
  },
};

/** Passes a host that none of the servers named is on. */
export const differentHost: Filter = {
  name: 'different_host',
  isIdle: ({ differentHost: avoided = [] }) => avoided.length === 0,
  check(host, { differentHost: avoided = [] }) {
    if (!avoided.includes(host.name)) return [];
    return [{ code: 'not-different-host', message: 'a server named is on this host' }];
  },
};
