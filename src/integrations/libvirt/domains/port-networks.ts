/**
 * The libvirt networks of guests whose VFs come from networks: created before the guest, removed
 * after it, and cleaned up when left behind.
 */
import { ComputeError } from '#core/errors.ts';
import type { GuestNic } from '#core/guests/description/guest.ts';
import type { LibvirtChild } from '../connection/child-process.ts';
import type { DomainView } from './domain-view.ts';
import { hasCode } from '../connection/libvirt-error.ts';
import { macvtapNetworkXml, vfNetworkXml } from '../xml/network-xml.ts';
import {
  hasPortNetwork,
  isPortNetwork,
  type PortNetworkNic,
  portNetworkName,
} from '../xml/port-network.ts';

export class PortNetworks {
  readonly #child: LibvirtChild;

  constructor(child: LibvirtChild) {
    this.#child = child;
  }

  /** Creates or updates the networks of these NICs, and starts them. */
  async ensure(
    nics: readonly GuestNic[],
    nicSources: Readonly<Record<string, string>>,
  ): Promise<void> {
    for (const nic of nics.filter(hasPortNetwork)) {
      await this.#child.call(
        'defineNetwork',
        [networkXml(nic, nicSources)],
        `define the network of port ${nic.portId}`,
      );
      await this.#restart(portNetworkName(nic.portId));
    }
  }

  /** Starts the networks that this domain names: after a host reboot none is active. */
  async startFor(domain: DomainView): Promise<void> {
    const names = domain.devices.flatMap(({ network }) => network ?? []).filter(isPortNetwork);
    if (names.length === 0) return;
    const networks = await this.#child.call('listNetworks', []);
    for (const { name, isActive } of networks) {
      if (names.includes(name) && !isActive) await this.#start(name);
    }
  }

  /** Removes every network of a port that no domain on this host names. */
  async removeUnused(domains: readonly DomainView[]): Promise<void> {
    const used = new Set(domains.flatMap(namedNetworks));
    const networks = await this.#child.call('listNetworks', []);
    for (const { name, isActive } of networks) {
      if (!isPortNetwork(name) || used.has(name)) continue;
      if (isActive) await this.#unlessGone('destroyNetwork', name);
      await this.#unlessGone('undefineNetwork', name);
    }
  }

  /**
   * An active network keeps its old definition until restarted; while it is inactive, its VF cannot
   * be taken.
   */
  async #restart(name: string): Promise<void> {
    await this.#unlessGone('destroyNetwork', name);
    await this.#start(name);
  }

  async #start(name: string): Promise<void> {
    try {
      await this.#child.call('startNetwork', [name], `start network ${name}`);
    } catch (error) {
      // Another caller was faster.
      if (!hasCode(error, 'operationInvalid')) throw error;
    }
  }

  async #unlessGone(act: 'destroyNetwork' | 'undefineNetwork', name: string): Promise<void> {
    try {
      await this.#child.call(act, [name], `remove network ${name}`);
    } catch (error) {
      if (!hasCode(error, 'noNetwork', 'operationInvalid')) throw error;
    }
  }
}

/**
 * A network in use is in the domain's running XML; between define and start, the port is in its
 * metadata.
 */
function namedNetworks({ devices, metadata }: DomainView): string[] {
  return [
    ...devices.flatMap(({ network }) => network ?? []),
    ...(metadata?.ports ?? []).map(({ portId }) => portNetworkName(portId)),
  ];
}

function networkXml(nic: PortNetworkNic, nicSources: Readonly<Record<string, string>>): string {
  const name = portNetworkName(nic.portId);
  if (nic.kind === 'hostdev') return vfNetworkXml({ name, address: nic.address, vlan: nic.vlan });
  const source = nicSources[nic.address];
  if (source !== undefined) return macvtapNetworkXml({ name, interface: source, vlan: nic.vlan });
  throw new ComputeError(
    'unavailable',
    `port ${nic.portId}: PCI device ${nic.address} has no network interface on this host`,
  );
}
