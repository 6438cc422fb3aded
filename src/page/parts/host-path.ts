/** The address at which a host is shown. */
export function hostPath(name: string): string {
  return `/ui/?q=${encodeURIComponent(name)}`;
}
