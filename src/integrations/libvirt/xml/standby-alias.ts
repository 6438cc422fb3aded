/** The names by which the standbys of passed-through NICs are known in a domain. */

/** libvirt accepts only names of others that begin so, and keeps them. */
const prefix = 'ua-standby-';

/** Example: `ua-standby-6d0f5f54-9a1c-4b7e-8b6e-0d1c6a5f7e21`. */
export function standbyAlias(portId: string): string {
  return `${prefix}${portId}`;
}

/** Is the device of this alias a standby? */
export function isStandby({ alias }: { alias: string | null }): boolean {
  return alias?.startsWith(prefix) === true;
}
