/** The calls that a service's log records. */

export interface ServiceCall {
  /** Without ids. Example: `PUT /v2.0/ports`. */
  kind: string;
  /** The service's own time for it. */
  ms: number;
}

/** As Neutron's own server logs it. */
const eventletLine = /"([A-Z]+ \/[^?" ]*)\S* HTTP\/[\d.]+" status: \d+ {2}len: \d+ time: ([\d.]+)/g;
/** As uwsgi logs it. */
const uwsgiLine = /\] ([A-Z]+ \/[^? ]*)\S* => generated \d+ bytes in (\d+) msecs/g;

/** The calls in this part of a log of Keystone, Neutron or Glance. */
export function callsIn(log: string): ServiceCall[] {
  const found = (line: RegExp, msPerUnit: number): ServiceCall[] =>
    Array.from(log.matchAll(line), ([, call = '', took]) => ({
      kind: call.replace(/\/[0-9a-f-]{32,36}\b/g, ''),
      ms: Number(took) * msPerUnit,
    }));
  return [...found(eventletLine, 1_000), ...found(uwsgiLine, 1)];
}
