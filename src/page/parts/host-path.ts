/** The addresses of a host and of a device of it. */

export function hostPath(name: string): string {
  return `/ui/hosts/${encodeURIComponent(name)}`;
}

/** A device, beside its host. */
export function devicePath(host: string, address: string): string {
  return `${hostPath(host)}/${encodeURIComponent(address)}`;
}
