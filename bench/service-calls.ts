/** What a service's log tells of the calls it answered. */

export interface ServiceCalls {
  calls: number;
  /** Its own time for all of them together. */
  callSeconds: number;
}

/** As Neutron's own server says it. */
const eventletLine = /" status: \d+ {2}len: \d+ time: ([\d.]+)/g;
/** As uwsgi says it. */
const uwsgiLine = /=> generated \d+ bytes in (\d+) msecs/g;

/** The calls in this part of a log of Keystone, Neutron or Glance. */
export function callsIn(log: string): ServiceCalls {
  const seconds = [
    ...Array.from(log.matchAll(eventletLine), ([, took]) => Number(took)),
    ...Array.from(log.matchAll(uwsgiLine), ([, took]) => Number(took) / 1_000),
  ];
  return { calls: seconds.length, callSeconds: seconds.reduce((sum, each) => sum + each, 0) };
}
