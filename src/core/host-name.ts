/** Names of hosts: what stands in URLs, files and logs without harm. */

/** As a pattern of JSON Schema. Examples: `hv1`, `rack-3.example.org`. */
export const hostNameRule = '^[A-Za-z0-9][A-Za-z0-9.-]{0,254}$';

/** May a host be named like this? */
export function isHostName(text: string): boolean {
  return new RegExp(hostNameRule).test(text);
}
