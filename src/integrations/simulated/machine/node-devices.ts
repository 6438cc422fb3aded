/** The PCI functions listed by a simulated host's hypervisor: all of them. */
import type { NodeDevices } from '#contracts/host/node-devices.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import type { NodeCapabilities } from '#core/pci/devices/node-capabilities.ts';
import type { SimulatedHost } from '../simulated-host.ts';

export interface SimulatedNodeDevicesOptions {
  /** Its functions may change at any time. */
  host: SimulatedHost;
  /** Features of each VF's interface. Default: none reported. */
  features?: readonly string[];
}

/** The features of an igb's VFs, as captured. */
export const igbFeatures = ['rx', 'tx', 'sg', 'tso', 'gso', 'gro', 'rxvlan', 'txvlan', 'txudptnl'];

export class SimulatedNodeDevices implements NodeDevices {
  readonly #options: SimulatedNodeDevicesOptions;

  constructor(options: SimulatedNodeDevicesOptions) {
    this.#options = options;
  }

  async describe(functions: readonly PciFunction[]): Promise<Map<PciAddress, NodeCapabilities>> {
    const present = new Map(this.#options.host.functions.map((fn) => [fn.address, fn]));
    return new Map(
      functions.flatMap((fn) => {
        const found = present.get(fn.address);
        if (found === undefined) return [];
        return [[fn.address, this.#reported(fn, found)]];
      }),
    );
  }

  /** The PCI bus of the host already detects these changes. */
  watch(): () => void {
    return () => undefined;
  }

  #reported(fn: PciFunction, { capabilities: { vpd } }: PciFunction): NodeCapabilities {
    const { features = [] } = this.#options;
    const hasFeatures = fn.deviceType === 'type-VF' && fn.ifname !== null && features.length > 0;
    if (!hasFeatures && vpd === undefined) return nothing;
    return {
      ...(hasFeatures && { network: [...features] }),
      ...(vpd !== undefined && { vpd }),
    };
  }
}

const nothing: NodeCapabilities = {};
