/**
 * The service catalog: which services there are and at which URL, in the shapes that Keystone
 * shows.
 */
import { createHash } from 'node:crypto';

/** One service. Example: `{ type: 'compute', name: 'nova', url: 'http://127.0.0.1:8774/v2.1' }`. */
export interface CatalogService {
  type: string;
  name: string;
  url: string;
}

export interface Catalog {
  region: string;
  services: CatalogService[];
}

const interfaces = ['public', 'internal', 'admin'] as const;

/** Ids are not stored, so they are made of what they name: the same at every start. */
function idOf(...names: string[]): string {
  return createHash('sha256').update(names.join(' ')).digest('hex').slice(0, 32);
}

/** All endpoints of all services: one URL for every interface. */
export function listEndpoints({ region, services }: Catalog) {
  return services.flatMap(({ type, url }) =>
    interfaces.map((name) => ({
      id: idOf('endpoint', type, name),
      interface: name,
      region,
      region_id: region,
      service_id: idOf('service', type),
      url,
      enabled: true,
    })),
  );
}

export function listServices({ services }: Catalog) {
  return services.map(({ type, name }) => ({
    id: idOf('service', type),
    type,
    name,
    enabled: true,
    description: '',
  }));
}

export function listRegions({ region }: Catalog) {
  return [{ id: region, description: '', parent_region_id: null }];
}

/** As tokens carry it: services with their endpoints. */
export function viewCatalog(catalog: Catalog) {
  const endpoints = Map.groupBy(listEndpoints(catalog), ({ service_id }) => service_id);
  return listServices(catalog).map(({ id, type, name }) => ({
    id,
    type,
    name,
    endpoints: (endpoints.get(id) ?? []).map(({ id, interface: kind, region, region_id, url }) => ({
      id,
      interface: kind,
      region,
      region_id,
      url,
    })),
  }));
}
