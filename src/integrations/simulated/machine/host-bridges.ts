/** The bridges of a simulated host: their names and ports. */
import type { HostBridges, Uplink } from '#contracts/host/host-bridges.ts';
import { ComputeError } from '#core/errors.ts';
import type { BridgeWiring } from '#core/guests/description/guest.ts';

export interface SimulatedBridgesOptions {
  host: string;
  /** Whether the host has an interface for this physical network. Default: for all. */
  reaches?: (physicalNetwork: string) => boolean;
}

export class SimulatedBridges implements HostBridges {
  readonly #options: SimulatedBridgesOptions;
  readonly #bridges = new Map<string, BridgeWiring>();
  readonly #uplinks = new Set<string>();

  constructor(options: SimulatedBridgesOptions) {
    this.#options = options;
  }

  async ensureBridge(bridge: string, wiring: BridgeWiring): Promise<void> {
    this.#refuseUnreached(wiring.physicalNetwork);
    this.#bridges.set(bridge, wiring);
  }

  async interfaceOf(physicalNetwork: string): Promise<string | null> {
    const { reaches = () => true } = this.#options;
    return reaches(physicalNetwork) ? `up-${physicalNetwork}`.slice(0, 15) : null;
  }

  async releaseBridge(bridge: string): Promise<void> {
    this.#bridges.delete(bridge);
  }

  async openUplink({ physicalNetwork, macAddress }: Uplink): Promise<void> {
    this.#refuseUnreached(physicalNetwork);
    this.#uplinks.add(macAddress);
  }

  async hasUplink({ macAddress }: Uplink): Promise<boolean> {
    return this.#uplinks.has(macAddress);
  }

  async closeUplink({ macAddress }: Uplink): Promise<void> {
    this.#uplinks.delete(macAddress);
  }

  /** The MACs whose frames come up to the bridges. */
  get uplinks(): string[] {
    return [...this.#uplinks];
  }

  #refuseUnreached(physicalNetwork: string | null): void {
    const { host, reaches = () => true } = this.#options;
    if (physicalNetwork === null || reaches(physicalNetwork)) return;
    throw new ComputeError(
      'unavailable',
      `physical network ${physicalNetwork} has no interface in bridge_mappings of host ${host}`,
    );
  }

  /** The names of the current bridges. */
  get names(): string[] {
    return [...this.#bridges.keys()];
  }
}
