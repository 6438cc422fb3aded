/** Finds a service's endpoint in Keystone's catalog. Pure. */
import { ComputeError } from '#core/errors.ts';

/** The catalog in a token. */
export type Catalog = {
  type: string;
  endpoints: {
    interface: string;
    region?: string | null;
    region_id?: string | null;
    url: string;
  }[];
}[];

export interface EndpointQuery {
  /** Example: `network`. */
  type: string;
  region?: string | undefined;
  /** Default: `internal`, or else `public`. Source: Nova's `[neutron] valid_interfaces`. */
  interface?: string | undefined;
}

/**
 * The URL of the endpoint, without a trailing slash. Throws `unavailable` naming the endpoint
 * requested and those in the catalog.
 */
export function endpointOf(catalog: Catalog, query: EndpointQuery, keystone: string): string {
  const interfaces = query.interface === undefined ? ['internal', 'public'] : [query.interface];

  const endpoints = catalog
    .filter(({ type }) => type === query.type)
    .flatMap((service) => service.endpoints)
    .filter(
      ({ region, region_id: regionId }) =>
        query.region === undefined || query.region === region || query.region === regionId,
    );
  for (const name of interfaces) {
    const found = endpoints.find((endpoint) => endpoint.interface === name);
    if (found !== undefined) return found.url.replace(/\/+$/, '');
  }
  const where = query.region === undefined ? '' : ` in region ${query.region}`;
  const has = catalog.map(({ type }) => type).join(', ') || 'no service at all';
  throw new ComputeError(
    'unavailable',
    `the catalog of the identity service at ${keystone} has no ${query.type} endpoint ` +
      `(interface ${interfaces.join(' or ')})${where}; it has: ${has}`,
  );
}
