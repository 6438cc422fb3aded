/** The PciRequest of a port that needs a device. */
import type { Port } from './port.ts';
import { vnicTraits } from './vnic-types.ts';
import { isTrue } from '../pci/devices/boolean-text.ts';
import type { NumaPolicy, PciRequest } from '../pci/requests/request.ts';

/**
 * The properties of a port that decide its request. `numaPolicy`: the port's own
 * `numa_affinity_policy`.
 */
export type RequestingPort = Pick<Port, 'id' | 'vnicType' | 'profile'> & {
  numaPolicy?: NumaPolicy | null;
};

/** The request's `dev_type`; a request without one takes a VF. */
const deviceTypes = { VF: null, PF: 'type-PF', vdpa: 'vdpa' } as const;

/**
 * The request of such a port. `physicalNetwork` null: a tunnelled network, served by devices tagged
 * null or untagged. Example: a direct port on physnet1 → count 1, spec `[{ physical_network:
 * 'physnet1', remote_managed: 'False' }]`. `trusted` of the profile is requested as given, true or
 * false. Source: the seed, "PCI Requests"; Nova `create_resource_requests`.
 */
export function requestForPort(
  port: RequestingPort,
  physicalNetwork: string | null,
  requestId: string,
): PciRequest {
  const { device, needsInterface, isRemoteManaged } = vnicTraits(port.vnicType);
  const deviceType = device === null ? null : deviceTypes[device];
  const trusted = port.profile['trusted'] ?? null;
  return {
    requestId,
    count: 1,
    spec: [
      {
        physical_network: physicalNetwork,
        remote_managed: pythonBoolean(isRemoteManaged),
        ...(deviceType !== null && { dev_type: deviceType }),
        ...(trusted !== null && {
          trusted: pythonBoolean(isTrue(JSON.stringify(trusted).replaceAll('"', ''))),
        }),
      },
    ],
    needsInterface,
    aliasName: null,
    numaPolicy: port.numaPolicy ?? null,
    requesterId: port.id,
  };
}

/** The spelling on the wire. Example: true → `True`. */
function pythonBoolean(value: boolean): string {
  return value ? 'True' : 'False';
}
