/** Names of a request in messages: where its devices come from, what it takes. */
import { requestsOnly } from '../pools/pool-match.ts';
import type { PciRequest } from '../requests/request.ts';

/**
 * Where the request's devices come from. Example: a port's on physnet2 → `physnet2`; on a tunnelled
 * network → `no physical network`; an alias's → `alias gpu`.
 */
export function placeOf(request: PciRequest): string {
  if (request.aliasName !== null) return `alias ${request.aliasName}`;
  const [spec = {}] = request.spec;
  if ('physical_network' in spec) return spec['physical_network'] ?? 'no physical network';
  return Object.entries(spec)
    .map(([key, value]) => `${key} ${value}`)
    .join(', ');
}

/**
 * What it takes there. Example: a direct port's → `VF`; a direct-physical one's → `PF`; an alias
 * without a device type → `device`.
 */
export function deviceNoun(request: PciRequest): string {
  if (requestsOnly(request.spec, 'type-PF')) return 'PF';
  if (requestsOnly(request.spec, 'vdpa')) return 'vdpa device';
  if (requestsOnly(request.spec, 'type-VF')) return 'VF';
  return request.aliasName === null ? 'VF' : 'device';
}
