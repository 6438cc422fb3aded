/** A port's request for bandwidth in Nova's groups: recorded of Nova, and not scheduled here. */

/**
 * A port's request for resources of one provider. `requesterId`: the port, or the group's own id.
 */
interface ResourceGroup {
  requesterId: string;
  resources: Record<string, number>;
  requiredTraits: string[];
}

interface WireGroup {
  id?: string;
  resources?: Record<string, number>;
  required?: string[];
}

/**
 * A port's `resource_request` as Neutron shows it: one group, or with its extension a list of
 * groups.
 */
export type PortResourceRequest = WireGroup & { request_groups?: WireGroup[] };

/**
 * The groups of a port's resource request; none when it has none. Source: Nova
 * `RequestGroup.from_port_request`, `from_extended_port_request`.
 */
export function resourceGroupsOf(
  portId: string,
  request: PortResourceRequest | null,
): ResourceGroup[] {
  const groups = request?.request_groups ?? (request?.resources === undefined ? [] : [request]);
  return groups.map(({ id, resources = {}, required = [] }) => ({
    requesterId: id ?? portId,
    resources,
    requiredTraits: required.toSorted(),
  }));
}
