/** The PCI bus of a simulated host. A VF that a running guest has whole has no interface, as on a real host. */
import type { FoundGuest } from '#contracts/hypervisor.ts';
import type { PciBus, UnreadableFunction } from '#contracts/pci-bus.ts';
import { ComputeError } from '#core/errors.ts';
import { isLive } from '#core/guests/plan.ts';
import type { VfStep } from '#core/guests/step.ts';
import type { PciAddress } from '#core/pci/address.ts';
import type { PciFunction } from '#core/pci/device.ts';
import type { SimulatedHost } from './simulated-host.ts';

/** Settings of one VF, as `ip link` shows them. */
export interface VfSettings {
  macAddress?: string;
  vlan?: number;
  trusted?: boolean;
  isUp?: boolean;
}

export interface SimulatedPciBusOptions {
  host: SimulatedHost;
  /** The guests of the host now: they hold devices. */
  listGuests: () => Promise<FoundGuest[]>;
}

/** One simulated host's PCI bus. Its functions follow `host.functions`, which may be changed at any time. */
export class SimulatedPciBus implements PciBus {
  readonly #options: SimulatedPciBusOptions;
  readonly #settings = new Map<PciAddress, VfSettings>();

  constructor(options: SimulatedPciBusOptions) {
    this.#options = options;
  }

  async listFunctions(): Promise<{ functions: PciFunction[]; unreadable: UnreadableFunction[] }> {
    const given = await this.#givenToGuests();
    const functions = this.#options.host.functions
      .map((fn) => (given.has(fn.address) ? { ...fn, ifname: null } : fn))
      .sort((a, b) => (a.address < b.address ? -1 : 1));
    return { functions, unreadable: [] };
  }

  async ifnameOf(address: PciAddress): Promise<string | null> {
    if ((await this.#givenToGuests()).has(address)) return null;
    return this.#options.host.functions.find((fn) => fn.address === address)?.ifname ?? null;
  }

  async applyVfStep(step: VfStep): Promise<void> {
    const vf = this.#options.host.functions.find((fn) => fn.address === step.address);
    if (vf === undefined || vf.parentAddress === null) {
      throw new ComputeError('unavailable', `PCI device ${step.address} is no VF of this host`);
    }
    const before = this.#settings.get(step.address) ?? {};
    switch (step.do) {
      case 'set-vf':
        this.#settings.set(step.address, {
          ...before,
          macAddress: step.macAddress,
          vlan: step.vlan,
        });
        return;
      case 'set-vf-trust':
        this.#settings.set(step.address, { ...before, trusted: step.trusted });
        return;
      case 'set-vf-link':
        this.#settings.set(step.address, { ...before, isUp: step.up });
        return;
    }
  }

  /** What was set on a VF since the host was made; empty for an untouched one. */
  vfSettings(address: PciAddress): VfSettings {
    return this.#settings.get(address) ?? {};
  }

  async #givenToGuests(): Promise<Set<PciAddress>> {
    const guests = await this.#options.listGuests();
    return new Set(
      guests
        .filter(isLive)
        .flatMap((guest) => guest.devices)
        .filter((device) => device.through === 'hostdev')
        .map((device) => device.address),
    );
  }
}
