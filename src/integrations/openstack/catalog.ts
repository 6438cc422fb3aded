/** Where a service is, from Keystone's catalog. Pure. */
import { ComputeError } from '#core/errors.ts';

/** As a token carries it. */
export type Catalog = {
  type: string;
  endpoints: {
    interface: string;
    region?: string | null;
    region_id?: string | null;
    url: string;
  }[];
}[];

export interface EndpointWish {
  /** Example: `network`. */
  type: string;
  region?: string | undefined;
  /** Left out: `internal`, and where there is none `public`. Source: Nova's `[neutron] valid_interfaces`. */
  interface?: string | undefined;
}

/**
 * The URL of the endpoint, without a slash at its end.
 * Throws `unavailable` naming what was looked for, and what the catalog has.
 */
export function endpointOf(catalog: Catalog, wish: EndpointWish, keystone: string): string {
  const interfaces = wish.interface === undefined ? ['internal', 'public'] : [wish.interface];

  const endpoints = catalog
    .filter(({ type }) => type === wish.type)
    .flatMap((service) => service.endpoints)
    .filter(
      ({ region, region_id: regionId }) =>
        wish.region === undefined || wish.region === region || wish.region === regionId,
    );
  for (const name of interfaces) {
    const found = endpoints.find((endpoint) => endpoint.interface === name);
    if (found !== undefined) return found.url.replace(/\/+$/, '');
  }
  const where = wish.region === undefined ? '' : ` in region ${wish.region}`;
  const has = catalog.map(({ type }) => type).join(', ') || 'no service at all';
  throw new ComputeError(
    'unavailable',
    `the catalog of the identity service at ${keystone} has no ${wish.type} endpoint ` +
      `(interface ${interfaces.join(' or ')})${where}; it has: ${has}`,
  );
}
