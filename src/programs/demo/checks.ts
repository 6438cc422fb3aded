/** What must hold after the journey, claim by claim. Pure: reads the story, returns the faults. */
import type { DeviceView, PoolView } from '#client/shapes/pci.ts';
import { domainNics } from '#integrations/libvirt/xml/domain-nics.ts';
import { physicalNetwork, redSegment } from './steps.ts';
import type { PortView } from '#client/networks.ts';
import type { Story } from './story.ts';

/** A claim of the demo. `faults` is empty when it holds, otherwise lists what was found instead. */
export interface Check {
  claim: string;
  faults(story: Story): string[];
}

/** A claim with its verdict. */
export interface CheckResult {
  claim: string;
  faults: string[];
}

/** What must hold once the server runs. */
export const bootChecks: readonly Check[] = [
  {
    claim: 'the server is ACTIVE on a host',
    faults: ({ server }) =>
      server.status === 'ACTIVE' && server['OS-EXT-SRV-ATTR:host'] !== null
        ? []
        : [`it is ${server.status} on ${server['OS-EXT-SRV-ATTR:host'] ?? 'no host'}`],
  },
  {
    claim: 'both ports are bound as hw_veb on that host',
    faults: (story) =>
      story.ports
        .filter(
          (port) =>
            port['binding:vif_type'] !== 'hw_veb' ||
            port['binding:host_id'] !== story.server['OS-EXT-SRV-ATTR:host'],
        )
        .map(
          (port) =>
            `${port.name}: ${port['binding:vif_type']} on "${port['binding:host_id'] ?? ''}"`,
        ),
  },
  {
    claim: `each port's pci_slot is a VF of that host on ${physicalNetwork}, and they differ`,
    faults: slotFaults,
  },
  {
    claim: "each device is claimed under its NIC's PCI request",
    faults: requestFaults,
  },
  {
    claim: 'the NIC on blue takes no device',
    faults: ({ explanation }) => [
      ...(explanation.nics.length === 3 ? [] : [`the server has ${explanation.nics.length} NICs`]),
      ...explanation.nics
        .filter((nic) => nic.vnic_type === 'normal' && nic.pci_request_id !== null)
        .map((nic) => `NIC ${nic.position} has PCI request ${nic.pci_request_id}`),
    ],
  },
  {
    claim: `the domain XML has both VFs with the ports' MACs and VLAN ${redSegment}`,
    faults: xmlFaults,
  },
  {
    claim: 'exactly two VFs left the pools, both on that host',
    faults: ({ server, before, after }) => {
      const host = server['OS-EXT-SRV-ATTR:host'];
      return [...Map.groupBy(before.pools, (pool) => pool.host).keys()].flatMap((name) => {
        const taken = freeVfs(before.pools, name) - freeVfs(after.pools, name);
        return taken === (name === host ? 2 : 0) ? [] : [`${name}: ${taken} taken`];
      });
    },
  },
];

/** What must hold once the server is deleted. */
export const deleteChecks: readonly Check[] = [
  {
    claim: 'the pools are unchanged',
    faults: ({ before, end }) => {
      const found = new Set(end.pools.map((pool) => JSON.stringify(pool)));
      return before.pools
        .filter((pool) => !found.has(JSON.stringify(pool)))
        .map((pool) => `${pool.host} ${pool.dev_type} of ${pool.address}: not ${pool.count} again`);
    },
  },
  {
    claim: 'no device is still claimed',
    faults: ({ end }) =>
      end.devices
        .filter((device) => device.instance_uuid !== null || device.status !== 'available')
        .map((device) => `${device.host} ${device.address} is ${device.status}`),
  },
  {
    claim: "the user's ports still exist, unbound",
    faults: ({ portsAtEnd }) =>
      portsAtEnd
        .filter(
          (port) =>
            port.device_id !== '' ||
            (port['binding:host_id'] ?? '') !== '' ||
            port['binding:profile']['pci_slot'] !== undefined,
        )
        .map((port) => `${port.name}: device_id "${port.device_id}", ${profileText(port)}`),
  },
];

/** The verdict on each claim, in their order. */
export function verify(checks: readonly Check[], story: Story): CheckResult[] {
  return checks.map((check) => ({ claim: check.claim, faults: check.faults(story) }));
}

function slotFaults({ server, ports, before }: Story): string[] {
  const host = server['OS-EXT-SRV-ATTR:host'];
  const slots = ports.map((port) => port['binding:profile']['pci_slot']);
  return ports.flatMap((port, at) => {
    const device = before.devices.find((one) => one.host === host && one.address === slots[at]);
    const fits =
      device?.dev_type === 'type-VF' &&
      device.physical_network === physicalNetwork &&
      slots.indexOf(slots[at]) === at;
    return fits ? [] : [`${port.name}: ${profileText(port)}`];
  });
}

function requestFaults({ ports, explanation, after }: Story): string[] {
  return ports.flatMap((port) => {
    const nic = explanation.nics.find((one) => one.port_id === port.id);
    const device = slotDevice(port, after.devices);
    const same =
      typeof nic?.pci_request_id === 'string' &&
      nic.pci_request_id === device?.request_id &&
      device.instance_uuid === explanation.server.id;
    return same
      ? []
      : [
          `${port.name}: NIC asks ${nic?.pci_request_id ?? 'nothing'}, device has ${device?.request_id ?? 'nothing'}`,
        ];
  });
}

function xmlFaults({ ports, explanation, before }: Story): string[] {
  const nics = domainNics(explanation.domain_xml ?? '');
  return ports.flatMap((port) => {
    const device = slotDevice(port, before.devices);
    const isDirect = port['binding:vnic_type'] === 'direct';
    const found = nics.some(
      (nic) =>
        nic.kind === (isDirect ? 'hostdev' : 'direct') &&
        nic.macAddress === port.mac_address &&
        nic.vlan === redSegment &&
        nic.source !== null &&
        nic.source === (isDirect ? device?.address : device?.ifname),
    );
    return found ? [] : [`${port.name}: not among ${JSON.stringify(nics)}`];
  });
}

/** The device named by the port's binding, on the port's host. */
function slotDevice(port: PortView, devices: readonly DeviceView[]): DeviceView | undefined {
  return devices.find(
    (device) =>
      device.host === port['binding:host_id'] &&
      device.address === port['binding:profile']['pci_slot'],
  );
}

/** A PF with a claimed VF leaves its own pool too, so only VFs are counted. */
function freeVfs(pools: readonly PoolView[], host: string): number {
  return pools
    .filter((pool) => pool.host === host && pool.dev_type === 'type-VF')
    .reduce((sum, pool) => sum + pool.count, 0);
}

function profileText(port: PortView): string {
  return `binding:profile ${JSON.stringify(port['binding:profile'])}`;
}
