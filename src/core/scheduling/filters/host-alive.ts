/**
 * Refuses a host that is forced down, or whose agent does not report. Source: Nova `ComputeFilter`,
 * service group.
 */
import type { Reason } from '../../reason.ts';
import type { Filter } from '../filter.ts';

const forcedDown: Reason = {
  code: 'host-forced-down',
  message: 'an administrator has forced it down',
};

const silent: Reason = { code: 'host-down', message: 'its agent does not report' };

export const hostAlive: Filter = {
  name: 'alive',
  passes: (host) => host.alive,
  check(host) {
    if (host.alive) return [];
    return [host.forcedDown === true ? forcedDown : silent];
  },
};
