/** Links of a resource, and times as the API writes them. */
import { isoTime } from '#http/lists/iso-time.ts';
import type { Call } from './route.ts';

export interface Link {
  rel: string;
  href: string;
}

/** `self` with the version, `bookmark` without. Example: `linksTo(call, 'servers', id)`. */
export function linksTo(call: Call, collection: string, id: string): Link[] {
  const path = `/${collection}/${encodeURIComponent(id)}`;
  return [
    { rel: 'self', href: call.base + path },
    { rel: 'bookmark', href: call.root + path },
  ];
}

/** The link without a version. */
export function bookmark(call: Call, collection: string, id: string): Link {
  return { rel: 'bookmark', href: `${call.root}/${collection}/${encodeURIComponent(id)}` };
}

/** Example: 1700000000123 → `2023-11-14T22:13:20Z`. */
export function atSecond(ms: number): string {
  return `${isoTime(ms).slice(0, 19)}Z`;
}

/**
 * With microseconds and no zone, as Nova's older fields are; null stays. Example:
 * `2023-11-14T22:13:20.123000`.
 */
export function atMicrosecond(ms: number | null): string | null {
  return ms === null ? null : `${isoTime(ms).slice(0, 23)}000`;
}
