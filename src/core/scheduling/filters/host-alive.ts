/** Refuses a host whose agent does not report. Source: Nova `ComputeFilter`, service group. */
import type { Filter } from '../filter.ts';

export const hostAlive: Filter = {
  name: 'alive',
  passes: (host) => host.alive,
  check(host) {
    return host.alive ? [] : [{ code: 'host-down', message: 'its agent does not report' }];
  },
};
