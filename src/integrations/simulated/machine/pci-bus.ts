/**
 * The PCI bus of a simulated host. As on a real one, a VF passed through to a running guest has no
 * interface, and the VFs of a passed-through PF are absent until the guest releases it.
 */
import type { VfTraffic } from '#contracts/host/guest-counters.ts';
import type { FoundGuest } from '#contracts/host/hypervisor.ts';
import type {
  InterfaceChange,
  PciBus,
  UnreadableFunction,
  VfCount,
} from '#contracts/host/pci-bus.ts';
import { ComputeError } from '#core/errors.ts';
import type { DeviceFacts } from '#core/guests/plan/hand-over.ts';
import { isLive } from '#core/guests/plan/plan.ts';
import type { VfStep } from '#core/guests/plan/step.ts';
import type { PciAddress } from '#core/pci/devices/address.ts';
import type { PciFunction } from '#core/pci/devices/device.ts';
import {
  changeTowards,
  completeChange,
  noMac,
  printVfChange,
  untouchedVf,
  type VfChange,
  type VfSettingName,
} from '#core/pci/vf/vf-settings.ts';
import type { VfState } from '#core/pci/vf/vf-state.ts';
import { ChangeCounter } from '#runtime/timing/change-counter.ts';
import type { SimulatedHost } from '../simulated-host.ts';

export interface SimulatedPciBusOptions {
  host: SimulatedHost;
  /** The host's current guests: they hold devices. */
  listGuests: () => Promise<FoundGuest[]>;
  /** Settings that its NICs lack. Default: none. */
  unsupported?: readonly VfSettingName[];
  /** Counts whatever changes the host, `host.functions` too. Absent: only this bus changes it. */
  changes?: ChangeCounter;
}

/**
 * One simulated host's PCI bus. Its functions follow `host.functions`, which may change at any
 * time; `watch` reports it when `changes` counts that.
 */
export class SimulatedPciBus implements PciBus {
  readonly #options: SimulatedPciBusOptions;
  readonly #changes: ChangeCounter;
  readonly #vfs = new Map<PciAddress, VfState>();
  /** VFs of PFs whose VF count was lowered. */
  readonly #unmade = new Map<PciAddress, PciFunction[]>();
  readonly #drivers = new Map<PciAddress, string | null>();
  readonly #sorted = derived(sorted);
  readonly #given = derived(givenTo);

  constructor(options: SimulatedPciBusOptions) {
    this.#options = options;
    this.#changes = options.changes ?? new ChangeCounter();
  }

  async listFunctions(): Promise<{ functions: PciFunction[]; unreadable: UnreadableFunction[] }> {
    const given = await this.#givenToGuests();
    const functions = this.#sorted(this.#options.host.functions).flatMap(
      (fn) => shown(fn, given) ?? [],
    );
    return { functions, unreadable: [] };
  }

  async functionAt(address: PciAddress): Promise<PciFunction | undefined> {
    const fn = this.#at(address);
    return fn && shown(fn, await this.#givenToGuests());
  }

  async driverOf(address: PciAddress): Promise<string | null> {
    if ((await this.#givenToGuests()).has(address)) return 'vfio-pci';
    return this.#driverOf(this.#function(address));
  }

  async ifnameOf(address: PciAddress): Promise<string | null> {
    if ((await this.#givenToGuests()).has(address)) return null;
    return this.#at(address)?.ifname ?? null;
  }

  /** Numbered in the order of the functions, as the kernel numbers them. */
  vdpaDeviceOf(address: PciAddress): Promise<string | null> {
    const vdpa = this.#sorted(this.#options.host.functions).filter(
      ({ deviceType }) => deviceType === 'vdpa',
    );
    const number = vdpa.findIndex((fn) => fn.address === address);
    return Promise.resolve(number === -1 ? null : `/dev/vhost-vdpa-${number}`);
  }

  /** A PF's interface is always up. */
  async isUp(address: PciAddress): Promise<boolean | null> {
    if ((await this.ifnameOf(address)) === null) return null;
    const isVf = this.#function(address).parentIfname !== null;
    return !isVf || this.#vf(address).own?.isUp === true;
  }

  async vfState(address: PciAddress): Promise<VfState> {
    const state = this.#vf(address);
    return (await this.ifnameOf(address)) === null ? { ...state, own: null } : state;
  }

  /**
   * As if each VF had received and sent some frames of 64 bytes, one more than its number: always
   * the same, and different from those of the other VFs.
   */
  async vfTraffic(addresses: readonly PciAddress[]): Promise<VfTraffic[]> {
    return addresses.flatMap((address) => {
      const fn = this.#at(address);
      if (fn?.deviceType !== 'type-VF') return [];
      const packets = (fn.capabilities.sriov?.vfNum ?? 0) + 1;
      const counted = { bytes: packets * 64, packets, errors: null, drops: 0 };
      return [{ address, received: counted, sent: counted }];
    });
  }

  async applyVfStep(step: VfStep): Promise<void> {
    if (step.do === 'set-vf-link') {
      const { macAddress, up } = step;
      // An interface cannot be without a MAC.
      return this.setInterface(step.address, { up, ...(macAddress !== noMac && { macAddress }) });
    }
    const state = this.#vf(step.address);
    const change = completeChange(state.settings, changeTowards(state.settings, step.change));
    for (const [name, value] of Object.entries(change)) {
      if (this.#lacks(name)) {
        throw new ComputeError(
          'unavailable',
          `VF ${step.address}: ${printVfChange({ [name]: value })}: its NIC has no such setting: leave it at its default`,
        );
      }
      state.settings = { ...state.settings, [name]: value };
    }
  }

  async unsupportedSettings(address: PciAddress, change: VfChange): Promise<VfSettingName[]> {
    const names = Object.keys(changeTowards(this.#vf(address).settings, change));
    return (names as VfSettingName[]).filter((name) => this.#lacks(name));
  }

  async deviceFacts(address: PciAddress): Promise<DeviceFacts> {
    const fn = this.#function(address);
    return {
      driver: await this.driverOf(address),
      classCode: fn.deviceType !== 'type-PCI' || fn.ifname !== null ? '020000' : '030200',
      iommuGroup: { id: address, others: [] },
      pf: fn.parentIfname === null ? null : { ifname: fn.parentIfname, isUp: true },
      uses: [],
    };
  }

  async setInterface(address: PciAddress, { macAddress, up }: InterfaceChange): Promise<void> {
    const ifname = await this.ifnameOf(address);
    if (ifname === null || this.#function(address).parentAddress === null) return;
    const state = this.#vf(address);
    if (state.own === null) return;
    // The PF records a MAC that the VF sets itself.
    if (macAddress !== undefined) state.settings = { ...state.settings, macAddress };
    state.own = {
      ...state.own,
      macAddress: macAddress ?? state.own.macAddress,
      isUp: up ?? state.own.isUp,
    };
  }

  async bindDriver(address: PciAddress, driver: string | null): Promise<void> {
    this.#drivers.set(this.#function(address).address, driver);
  }

  async vfCount(pf: PciAddress): Promise<VfCount> {
    if (this.#function(pf).deviceType !== 'type-PF') {
      throw new ComputeError('unavailable', `PCI device ${pf} is not a PF: it cannot have VFs`);
    }
    const now = this.#vfsOf(pf).length;
    return { now, max: now + (this.#unmade.get(pf)?.length ?? 0) };
  }

  async setVfCount(pf: PciAddress, count: number): Promise<void> {
    const { now, max } = await this.vfCount(pf);
    if (count === now) return;
    if (count > max) {
      const message = `PF ${pf}: ${count} VFs were requested, it supports ${max} (sriov_totalvfs)`;
      throw new ComputeError('unavailable', message);
    }
    const all = [...this.#vfsOf(pf), ...(this.#unmade.get(pf) ?? [])];
    for (const { address } of all) this.#vfs.delete(address);
    this.#unmade.set(pf, all.slice(count));
    const { host } = this.#options;
    const others = host.functions.filter(({ parentAddress }) => parentAddress !== pf);
    host.functions = [...others, ...all.slice(0, count)];
    this.#changes.add();
  }

  watch(listener: () => void): () => void {
    const { host } = this.#options;
    let before = host.functions;
    return this.#changes.onChange(() => {
      if (host.functions === before) return;
      before = host.functions;
      listener();
    });
  }

  #vfsOf(pf: PciAddress): PciFunction[] {
    return this.#options.host.functions.filter(({ parentAddress }) => parentAddress === pf);
  }

  #lacks(name: string): boolean {
    return this.#options.unsupported?.includes(name as VfSettingName) === true;
  }

  #driverOf(fn: PciFunction): string | null {
    const bound = this.#drivers.get(fn.address);
    if (bound !== undefined) return bound;
    return fn.deviceType === 'type-VF' ? 'simulated-vf' : 'simulated';
  }

  #function(address: PciAddress): PciFunction {
    const found = this.#at(address);
    if (found !== undefined) return found;
    throw new ComputeError('unavailable', `PCI device ${address} is not on this host`);
  }

  #vf(address: PciAddress): VfState {
    const fn = this.#at(address);
    if (fn === undefined || fn.parentAddress === null || fn.parentIfname === null) {
      throw new ComputeError(
        'unavailable',
        `PCI device ${address} is not a VF of a PF with a network interface`,
      );
    }
    const known = this.#vfs.get(address);
    if (known !== undefined) return known;
    const driverMac = madeUpMac(address);
    const { ifname } = fn;
    const own = ifname === null ? null : { ifname, macAddress: driverMac, ...freshInterface };
    const macAddress = own === null ? noMac : driverMac;
    const vf = { settings: { ...untouchedVf, macAddress }, own };
    this.#vfs.set(address, vf);
    return vf;
  }

  #at(address: PciAddress): PciFunction | undefined {
    return this.#options.host.functions.find((fn) => fn.address === address);
  }

  async #givenToGuests(): Promise<ReadonlySet<PciAddress>> {
    return this.#given(await this.#options.listGuests());
  }
}

/** The same array where it is in order: it need not be kept twice. */
function sorted(functions: PciFunction[]): readonly PciFunction[] {
  const isInOrder = functions.every((fn, at) => at === 0 || !isBefore(fn, functions[at - 1] ?? fn));
  return isInOrder ? functions : functions.toSorted((a, b) => (isBefore(a, b) ? -1 : 1));
}

function isBefore(a: PciFunction, b: PciFunction): boolean {
  return a.address < b.address;
}

/** What is made of a value, kept as long as it is the same value. */
function derived<From, Made>(make: (from: From) => Made): (from: From) => Made {
  let known: { from: From; made: Made } | undefined;
  return (from) => {
    if (known === undefined || known.from !== from) known = { from, made: make(from) };
    return known.made;
  };
}

function givenTo(guests: readonly FoundGuest[]): ReadonlySet<PciAddress> {
  return new Set(
    guests
      .filter(isLive)
      .flatMap((guest) => guest.devices)
      .filter((device) => device.through === 'hostdev')
      .map((device) => device.address),
  );
}

const freshInterface = { isMacGiven: false, isUp: false };

/** The function while guests hold these; undefined for a VF whose PF they hold. */
function shown(fn: PciFunction, given: ReadonlySet<PciAddress>): PciFunction | undefined {
  if (fn.parentAddress !== null && given.has(fn.parentAddress)) return undefined;
  if (!given.has(fn.address)) return fn;
  if (fn.deviceType !== 'type-PF') return { ...fn, ifname: null };
  return { ...fn, ifname: null, macAddress: null, link: null };
}

/** A locally administered MAC, always the same per address. */
function madeUpMac(address: PciAddress): string {
  const digits = address
    .replaceAll(/[^0-9a-f]/g, '')
    .slice(-9)
    .padStart(10, '0');
  return `02:${digits.match(/../g)?.join(':') ?? ''}`;
}
