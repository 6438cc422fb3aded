/**
 * Refuses a host where this server was tried and failed, the one that it moves away from, and one
 * that may still have its guest. Source: Nova `RetryFilter`, `ignore_hosts`.
 */
import type { Filter } from '../filter.ts';

export const failedHosts: Filter = {
  name: 'excluded',
  isIdle: (spec) => spec.failedHosts.length === 0,
  passes: (host, spec) => spec.failedHosts.every((failed) => failed.host !== host.name),
  check(host, spec) {
    return spec.failedHosts
      .filter((failed) => failed.host === host.name)
      .map(({ reason }) => ({ code: 'host-failed', message: reason }));
  },
};
