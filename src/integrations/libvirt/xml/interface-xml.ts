/**
 * A guest's NIC as libvirt's `<interface>` or `<hostdev>`. Source: libvirt domain XML format,
 * "Network interfaces", "Host device assignment".
 */
import { assertNever, ComputeError } from '#core/errors.ts';
import {
  type BridgeNic,
  type GuestHostDevice,
  type GuestNic,
  type NicFrontend,
  type NicRate,
  standbyOf,
} from '#core/guests/description/guest.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import { hasPortNetwork, type PortNetworkNic, portNetworkName } from './port-network.ts';
import { addressAttributes } from './pci-address-xml.ts';
import { standbyAlias } from './standby-alias.ts';
import { element, type XmlElement } from './xml.ts';

/** The host's part of a guest: names that exist only there, by PCI address. */
export interface HostNames {
  virtType: 'kvm' | 'qemu';
  /**
   * What a NIC is on top of: under a macvtap NIC the VF's own interface, under a vDPA NIC the
   * character device. Example: `{ '0000:01:10.2': 'enp1s0v1' }`, `{ '0000:3b:00.2':
   * '/dev/vhost-vdpa-1' }`.
   */
  nicSources: Readonly<Record<string, string>>;
  /**
   * VFs come from libvirt networks, one per port: the domain then names neither address nor
   * interface.
   */
  networkXml?: boolean;
}

/**
 * The elements of one NIC: one, after that of its standby if it has one, which libvirt requires
 * first. Throws `unavailable`, naming port and device, when the host has no interface for a macvtap
 * NIC, or no vDPA device.
 */
export function nicXmls(nic: GuestNic, host: HostNames): XmlElement[] {
  const standby = standbyOf(nic);
  return [...(standby === undefined ? [] : [standbyXml(standby, host)]), nicXml(nic, host)];
}

/**
 * The standby of a NIC: its alias is the name by which that refers to it. Source: libvirt domain
 * XML format, "Teaming a virtio/hostdev NIC pair".
 */
export function standbyXml(standby: BridgeNic, host: HostNames): XmlElement {
  const { children, ...nic } = nicXml(standby, host);
  return {
    ...nic,
    children: [
      ...children,
      element('teaming', { type: 'persistent' }),
      element('alias', { name: standbyAlias(standby.portId) }),
    ],
  };
}

/** The element of one NIC without its standby. Throws as `nicXmls`. */
export function nicXml(nic: GuestNic, host: HostNames): XmlElement {
  if (nic.kind === 'hostdev-physical') return hostdevXml(nic);
  const { inbound = {}, outbound = {} } = nic.bandwidth ?? {};
  const rates = [rateXml('inbound', inbound), rateXml('outbound', outbound)];
  const isBehindNetwork = host.networkXml === true && hasPortNetwork(nic);
  const attributes = isBehindNetwork ? { type: 'network' } : interfaceAttributes(nic);
  return element('interface', attributes, [
    element('mac', { address: nic.macAddress }),
    ...(isBehindNetwork ? networkBackend(nic, host) : backend(nic, host)),
    nic.mtu !== null && element('mtu', { size: nic.mtu }),
    nic.bandwidth !== null && element('bandwidth', {}, rates),
    standbyOf(nic) !== undefined &&
      element('teaming', { type: 'transient', persistent: standbyAlias(nic.portId) }),
  ]);
}

/**
 * A PCI device passed through unchanged; libvirt unbinds and rebinds its driver, unless the
 * operator manages it (`isUnmanaged`).
 */
export function hostdevXml({
  address,
  isUnmanaged,
}: Pick<GuestHostDevice, 'address' | 'isUnmanaged'>): XmlElement {
  const managed = isUnmanaged === true ? 'no' : 'yes';
  return element('hostdev', { mode: 'subsystem', type: 'pci', managed }, [
    element('source', {}, [element('address', addressAttributes(address))]),
  ]);
}

type Interface = Exclude<GuestNic, { kind: 'hostdev-physical' }>;

const interfaceTypes: Record<Interface['kind'], string> = {
  hostdev: 'hostdev',
  macvtap: 'direct',
  'interface-macvtap': 'direct',
  qbg: 'direct',
  vdpa: 'vdpa',
  bridge: 'bridge',
  ovs: 'bridge',
  tap: 'ethernet',
  vhostuser: 'vhostuser',
};

function interfaceAttributes(nic: Interface): Record<string, string> {
  const type = interfaceTypes[nic.kind];
  return nic.kind === 'hostdev' ? { type, managed: 'yes' } : { type };
}

/** The network defines device and VLAN. */
function networkBackend(nic: PortNetworkNic, host: HostNames): (XmlElement | null)[] {
  return [
    ...(nic.kind === 'macvtap' ? frontendXml(nic.frontend, host, { name: 'vhost' }) : []),
    element('source', { network: portNetworkName(nic.portId) }),
    qbhXml(nic.portProfileId),
  ];
}

/** The part of the element that depends on how the host implements the NIC. */
function backend(nic: Interface, host: HostNames): (XmlElement | null)[] {
  switch (nic.kind) {
    case 'hostdev': {
      const address = element('address', { type: 'pci', ...addressAttributes(nic.address) });
      return [element('source', {}, [address]), vlanXml(nic.vlan), qbhXml(nic.portProfileId)];
    }
    case 'macvtap':
      return [
        ...frontendXml(nic.frontend, host, { name: 'vhost' }),
        element('source', {
          dev: needed(host.nicSources, nic, 'network interface'),
          mode: 'passthrough',
        }),
        vlanXml(nic.vlan),
        qbhXml(nic.portProfileId),
      ];
    case 'vdpa':
      return [element('source', { dev: needed(host.nicSources, nic, 'vDPA device') })];
    case 'interface-macvtap':
      return [
        ...frontendXml(nic.frontend, host),
        element('source', { dev: nic.interface, mode: nic.mode }),
      ];
    case 'qbg':
      return [
        ...frontendXml(nic.frontend, host),
        element('source', { dev: nic.interface, mode: 'vepa' }),
        virtualport('802.1Qbg', [
          { managerid: nic.managerId },
          { typeid: nic.typeId },
          { typeidversion: nic.version },
          { instanceid: nic.instanceId },
        ]),
      ];
    case 'bridge':
    case 'ovs':
      return [
        ...frontendXml(nic.frontend, host),
        element('source', { bridge: nic.bridge }),
        element('target', { dev: nic.devName }),
        nic.kind === 'ovs' ? virtualport('openvswitch', [{ interfaceid: nic.interfaceId }]) : null,
      ];
    case 'tap':
      return [
        ...frontendXml(nic.frontend, host, nic.madeByUs ? { hasQueues: true } : {}),
        element('target', { dev: nic.devName, managed: nic.madeByUs ? 'no' : null }),
      ];
    case 'vhostuser':
      return [
        nic.frontend.model === null ? null : element('model', { type: nic.frontend.model }),
        queuesXml(nic.frontend, host),
        element('source', { type: 'unix', mode: nic.mode, path: nic.socket }),
        element('target', { dev: nic.devName }),
      ];
    default:
      return assertNever(nic);
  }
}

function vlanXml(vlan: number | null): XmlElement | null {
  return vlan === null ? null : element('vlan', {}, [element('tag', { id: vlan })]);
}

function qbhXml(profileId: string | null): XmlElement | null {
  return profileId === null ? null : virtualport('802.1Qbh', [{ profileid: profileId }]);
}

function virtualport(type: string, parameters: Record<string, string>[]): XmlElement {
  return element(
    'virtualport',
    { type },
    parameters.map((each) => element('parameters', each)),
  );
}

/** `hasQueues`: also with emulation, because a tap created with several queues opens only so. */
interface DriverRequest {
  name?: 'vhost';
  hasQueues?: boolean;
}

/**
 * Model and driver. vhost is written explicitly where queues or a macvtap need it; plain emulation
 * must not use it, and libvirt would by default. Source: Nova `get_base_config`.
 */
function frontendXml(
  frontend: NicFrontend,
  host: HostNames,
  { name: forced, hasQueues = host.virtType === 'kvm' }: DriverRequest = {},
): (XmlElement | null)[] {
  const { model } = frontend;
  const isVirtio = model === 'virtio';
  const queues = isVirtio && hasQueues ? frontend.queues : null;
  const requested = isVirtio ? virtioDriver(queues, frontend.rxQueueSize, host) : null;
  const name = forced ?? requested;
  const packed = frontend.packed ? 'on' : null;
  const hasDriver = name !== null || packed !== null;
  return [
    model === null ? null : element('model', { type: model }),
    hasDriver
      ? element('driver', { name, queues, rx_queue_size: frontend.rxQueueSize, packed })
      : null,
  ];
}

function virtioDriver(
  queues: number | null,
  rxQueueSize: number | null,
  host: HostNames,
): string | null {
  if (host.virtType === 'qemu') return 'qemu';
  return queues !== null || rxQueueSize !== null ? 'vhost' : null;
}

/** A vhost-user NIC has queues and no driver name: the socket's peer drives it. */
function queuesXml(frontend: NicFrontend, { virtType }: HostNames): XmlElement | null {
  const attributes = {
    queues: virtType === 'kvm' ? frontend.queues : null,
    rx_queue_size: frontend.rxQueueSize,
    tx_queue_size: frontend.txQueueSize,
    packed: frontend.packed ? 'on' : null,
  };
  const isSet = Object.values(attributes).some((value) => value !== null);
  return isSet ? element('driver', attributes) : null;
}

function rateXml(name: string, rate: NicRate): XmlElement | null {
  return rate.average === undefined ? null : element(name, { ...rate });
}

function needed(
  names: Readonly<Record<string, string>>,
  nic: { address: PciAddress; portId: string },
  what: string,
): string {
  const name = names[nic.address];
  if (name !== undefined) return name;
  throw new ComputeError(
    'unavailable',
    `port ${nic.portId}: PCI device ${nic.address} has no ${what} on this host`,
  );
}
