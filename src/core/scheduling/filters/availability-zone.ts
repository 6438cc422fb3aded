/**
 * Refuses a host outside the zone that the user requested. Source: Nova `AvailabilityZoneFilter`.
 */
import type { Filter } from '../filter.ts';

export const availabilityZone: Filter = {
  name: 'zone',
  isIdle: ({ availabilityZone: wanted }) => wanted === null,
  check(host, { availabilityZone: wanted }) {
    if (wanted === null || wanted === host.availabilityZone) return [];
    return [
      {
        code: 'wrong-zone',
        message: `is in zone ${host.availabilityZone}, not ${wanted}`,
        data: { zone: host.availabilityZone, wanted },
      },
    ];
  },
};
