/** Times as Neutron and Glance write them. */

/** In seconds. Example: `2026-11-23T07:15:03Z`. */
export function viewTime(epochMs: number): string {
  return new Date(epochMs).toISOString().replace(/\.\d+Z$/, 'Z');
}
