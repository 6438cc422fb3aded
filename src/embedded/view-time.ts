/** Times as Neutron and Glance write them. */
import { isoTime } from '#http/lists/iso-time.ts';

/** In seconds. Example: `2026-11-23T07:15:03Z`. */
export function viewTime(epochMs: number): string {
  return `${isoTime(epochMs).slice(0, -'.000Z'.length)}Z`;
}
