/** What a port that needs a device asks for: one PciRequest. */
import { ComputeError } from '../errors.ts';
import type { Network, Port } from './port.ts';
import { physicalNetworkOf } from './vif-of.ts';
import type { VnicType } from './vnic-types.ts';
import { isTrue } from '../pci/devices/boolean-text.ts';
import type { PciDeviceType } from '../pci/devices/device.ts';
import type { NumaPolicy, PciRequest } from '../pci/requests/request.ts';

/** What of a port decides its request. `numaPolicy`: the port's own `numa_affinity_policy`. */
export type RequestingPort = Pick<Port, 'id' | 'vnicType' | 'profile'> & {
  numaPolicy?: NumaPolicy | null;
};

/**
 * vnic types that take a PCI device by physical network, and the device type that the request names
 * (none: a VF by rule). Source: Nova `VNIC_TYPES_SRIOV`, `DEVICE_TYPE_FOR_VNIC_TYPE`. Which of them
 * Novella can plug is `deviceNeeded`'s to say.
 */
const deviceTypes: Partial<Record<VnicType, PciDeviceType | null>> = {
  direct: null,
  macvtap: null,
  'direct-physical': 'type-PF',
  'virtio-forwarder': null,
  vdpa: 'vdpa',
  'remote-managed': null,
};

/**
 * Does the port lead to a PCI request? Example: macvtap → true; normal → false. Throws `invalid`
 * for an accelerator's: its device is asked for by a device profile, which nothing here can read.
 * Source: Nova `VNIC_TYPES_ACCELERATOR`.
 */
function needsPciRequest({ id, vnicType }: RequestingPort): boolean {
  if (!vnicType.startsWith('accelerator-')) return vnicType in deviceTypes;
  const problem = `port ${id}: vnic type ${vnicType} needs a device profile of the accelerator service`;
  throw new ComputeError('invalid', problem, { detail: 'no_device_profile' });
}

/**
 * The request of such a port. `physicalNetwork` null: a tunnelled network, served by devices tagged
 * null or untagged. Example: a direct port on physnet1 → count 1, spec `[{ physical_network:
 * 'physnet1', remote_managed: 'False' }]`. `trusted` of the profile is asked for as given, true or
 * false. Source: the seed, "PCI Requests"; Nova `create_resource_requests`.
 */
export function requestForPort(
  port: RequestingPort,
  physicalNetwork: string | null,
  requestId: string,
): PciRequest {
  const deviceType = deviceTypes[port.vnicType] ?? null;
  const trusted = port.profile['trusted'] ?? null;
  return {
    requestId,
    count: 1,
    spec: [
      {
        physical_network: physicalNetwork,
        remote_managed: pythonBoolean(port.vnicType === 'remote-managed'),
        ...(deviceType !== null && { dev_type: deviceType }),
        ...(trusted !== null && {
          trusted: pythonBoolean(isTrue(JSON.stringify(trusted).replaceAll('"', ''))),
        }),
      },
    ],
    aliasName: null,
    numaPolicy: port.numaPolicy ?? null,
    requesterId: port.id,
  };
}

/** The spelling on the wire. Example: true → `True`. */
function pythonBoolean(value: boolean): string {
  return value ? 'True' : 'False';
}

/**
 * A NIC of a boot request: its port, or null where the user named a network, and the network either
 * way.
 */
export interface RequestedNic {
  port: RequestingPort | null;
  network: Network;
}

/**
 * The requests of all NICs of a server, and for each NIC the index of its request or null. Example:
 * a normal and a direct port → one request, links `[null, 0]`. A NIC named by network never needs a
 * device. `affinityPolicy`: of flavor or image, where a port has none of its own.
 */
export function requestsForPorts(
  nics: readonly RequestedNic[],
  { newId, affinityPolicy = null }: { newId: () => string; affinityPolicy?: NumaPolicy | null },
): { requests: PciRequest[]; links: (number | null)[] } {
  const requests: PciRequest[] = [];
  const links = nics.map(({ port, network }) => {
    if (port === null || !needsPciRequest(port)) return null;
    const request = requestForPort(port, physicalNetworkOf(network), newId());
    requests.push({ ...request, numaPolicy: request.numaPolicy ?? affinityPolicy });
    return requests.length - 1;
  });
  return { requests, links };
}
