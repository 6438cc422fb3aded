/**
 * A hypervisor in memory. With a state directory its guests outlive the process, as on a real host.
 */
import type { GuestCounters } from '#contracts/host/guest-counters.ts';
import type {
  FoundGuest,
  Hypervisor,
  HypervisorChange,
  HypervisorFacts,
} from '#contracts/host/hypervisor.ts';
import { ComputeError } from '#core/errors.ts';
import type { Guest, GuestNic } from '#core/guests/description/guest.ts';
import { heldByNic, heldDevices } from '#core/guests/description/held-device.ts';
import { isLive } from '#core/guests/plan/plan.ts';
import { idleCounters } from './idle-counters.ts';
import { numaNodesOf, type SimulatedHost } from './simulated-host.ts';
import { KeptGuests } from './kept-guests.ts';

export interface SimulatedHypervisorOptions {
  host: SimulatedHost;
  /** Writes a guest's domain XML: libvirt's writer, passed in. */
  domainXml: (guest: Guest, nicSources: Record<string, string>) => string;
  /** Folder with a file of its guests; they live in memory only when absent. */
  stateDirectory?: string;
}

interface KeptGuest {
  /** As defined. */
  guest: Guest;
  state: FoundGuest['state'];
  xml: string;
  /** The host's names under its NICs. The key is that of the first version of these files. */
  macvtapSources: Record<string, string>;
  /** Ports of NICs detached from the running guest but still in its definition. */
  offPorts?: string[];
}

/** One simulated host's hypervisor. */
export class SimulatedHypervisor implements Hypervisor {
  readonly #options: SimulatedHypervisorOptions;
  readonly #guests: KeptGuests<KeptGuest>;
  /** Until a guest changes. */
  #listed: FoundGuest[] | undefined;
  readonly #listeners = new Set<(change: HypervisorChange) => void>();

  /** Reads the guests of an earlier process from the state directory. */
  constructor(options: SimulatedHypervisorOptions) {
    this.#options = options;
    this.#guests = new KeptGuests({ folder: options.stateDirectory, isWhole: isGuest });
  }

  facts(): Promise<HypervisorFacts> {
    const { host } = this.#options;
    return Promise.resolve({
      type: 'QEMU',
      version: 10_000_003,
      vcpus: host.cpus,
      memoryMib: host.memoryMib,
      diskGib: host.diskGib,
      cpuModel: 'simulated',
      architecture: 'x86_64',
      numaNodes: numaNodesOf(host),
    });
  }

  listGuests(): Promise<FoundGuest[]> {
    return Promise.resolve(this.#list());
  }

  async define(guest: Guest, nicSources: Record<string, string>): Promise<void> {
    const before = this.#guests.get(guest.id);
    if (before !== undefined && isLive(found(before))) return;
    const xml = this.#options.domainXml(guest, nicSources);
    await this.#keep({ guest, state: 'shutOff', xml, macvtapSources: nicSources });
  }

  async start(guestId: string): Promise<void> {
    const kept = this.#known(guestId);
    if (isLive(found(kept))) return;
    this.#refuseHeldDevices(kept.guest);
    const { offPorts: _, ...whole } = kept;
    await this.#keep({ ...whole, state: 'running' });
  }

  async destroy(guestId: string): Promise<void> {
    const kept = this.#guests.get(guestId);
    if (kept !== undefined) await this.#keep({ ...kept, state: 'shutOff' });
  }

  async undefine(guestId: string): Promise<void> {
    const kept = this.#guests.get(guestId);
    if (kept !== undefined && isLive(found(kept))) {
      throw new ComputeError('conflict', `guest ${kept.guest.name}: still running`);
    }
    this.#listed = undefined;
    await this.#guests.delete(guestId);
    if (kept !== undefined) this.#notify(guestId, 'gone');
  }

  /** A guest's failure without a command: not an act of the contract. */
  crash(guestId: string): Promise<void> {
    return this.#change(guestId, 'crash', { running: 'crashed', paused: 'crashed' });
  }

  shutDown(guestId: string): Promise<void> {
    return this.destroy(guestId);
  }

  async reboot(guestId: string): Promise<void> {
    await this.#change(guestId, 'reboot', { running: 'running' });
  }

  async pause(guestId: string): Promise<void> {
    await this.#change(guestId, 'pause', { running: 'paused', paused: 'paused' });
  }

  async unpause(guestId: string): Promise<void> {
    await this.#change(guestId, 'unpause', { paused: 'running', running: 'running' });
  }

  /** The agent of a guest that has one accepts every password. */
  async setPassword(guestId: string): Promise<void> {
    await this.#change(guestId, 'set-password', { running: 'running' });
    const { guest } = this.#known(guestId);
    if (guest.hardware?.hasAgent === true) return;
    throw new ComputeError('unavailable', `guest ${guest.name}: it has no QEMU guest agent`);
  }

  async injectNmi(guestId: string): Promise<void> {
    await this.#change(guestId, 'inject-nmi', { running: 'running', paused: 'paused' });
  }

  async counters(guestId: string): Promise<GuestCounters> {
    await this.#change(guestId, 'counters', { running: 'running' });
    return idleCounters(this.#known(guestId).guest);
  }

  async save(guestId: string): Promise<void> {
    const given = found(this.#known(guestId)).devices.filter(
      ({ through }) => through !== 'macvtap',
    );
    if (given.length > 0) {
      throw new ComputeError(
        'conflict',
        `guest ${guestId}: cannot be saved while it has PCI device ${given[0]?.address}`,
      );
    }
    await this.#change(guestId, 'save', { running: 'saved', paused: 'saved', saved: 'saved' });
  }

  async restore(guestId: string): Promise<void> {
    await this.#change(guestId, 'restore', { saved: 'running', running: 'running' });
  }

  async attachNic(
    guestId: string,
    nic: GuestNic,
    nicSources: Record<string, string>,
  ): Promise<void> {
    const kept = this.#known(guestId);
    const others = kept.guest.nics.filter(({ portId }) => portId !== nic.portId);
    const isAttached = others.length < kept.guest.nics.length;
    if (isAttached && kept.offPorts?.includes(nic.portId) !== true) return;
    if (isLive(found(kept)))
      this.#refuseHeldDevices({ ...kept.guest, nics: [nic], hostDevices: [] });
    const guest = isAttached ? kept.guest : { ...kept.guest, nics: [...others, nic] };
    const offPorts = (kept.offPorts ?? []).filter((portId) => portId !== nic.portId);
    await this.#redefine({ ...kept, guest, offPorts }, nicSources);
  }

  async detachNic(guestId: string, nic: GuestNic, how = { keep: false }): Promise<void> {
    const kept = this.#guests.get(guestId);
    if (kept === undefined) return;
    if (how.keep) {
      const offPorts = new Set([...(kept.offPorts ?? []), nic.portId]);
      await this.#keep({ ...kept, offPorts: [...offPorts] });
      return;
    }
    const nics = kept.guest.nics.filter(({ portId }) => portId !== nic.portId);
    await this.#redefine({ ...kept, guest: { ...kept.guest, nics } }, {});
  }

  domainXml(guestId: string): Promise<string | undefined> {
    return Promise.resolve(this.#guests.get(guestId)?.xml);
  }

  watch(listener: (change: HypervisorChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): Promise<void> {
    this.#listeners.clear();
    return Promise.resolve();
  }

  #list(): FoundGuest[] {
    this.#listed ??= this.#guests.values().map(found);
    return this.#listed;
  }

  #notify(guestId: string, state: FoundGuest['state'] | 'gone'): void {
    for (const listener of this.#listeners) listener({ what: 'guest', guestId, state });
  }

  #known(guestId: string): KeptGuest {
    const kept = this.#guests.get(guestId);
    if (kept !== undefined) return kept;
    throw new ComputeError('notFound', `guest ${guestId}: not defined on this host`);
  }

  /** Moves a guest to the next state. Throws `conflict` where there is none. */
  async #change(
    guestId: string,
    act: string,
    next: Partial<Record<FoundGuest['state'], FoundGuest['state']>>,
  ): Promise<void> {
    const kept = this.#known(guestId);
    const state = next[kept.state];
    if (state === undefined) {
      throw new ComputeError(
        'conflict',
        `guest ${kept.guest.name}: cannot ${act} while it is ${kept.state}`,
      );
    }
    await this.#keep({ ...kept, state });
  }

  #redefine(kept: KeptGuest, moreSources: Record<string, string>): Promise<void> {
    const nicSources = { ...kept.macvtapSources, ...moreSources };
    const xml = this.#options.domainXml(kept.guest, nicSources);
    return this.#keep({ ...kept, macvtapSources: nicSources, xml });
  }

  #refuseHeldDevices(guest: Guest): void {
    const mine = new Set(heldDevices(guest).map((device) => device.address));
    for (const other of this.#list()) {
      if (other.id === guest.id || !isLive(other)) continue;
      const shared = other.devices.find((device) => mine.has(device.address));
      if (shared === undefined) continue;
      throw new ComputeError(
        'conflict',
        `PCI device ${shared.address} is in use by guest ${other.name}`,
      );
    }
  }

  async #keep(kept: KeptGuest): Promise<void> {
    const { id } = kept.guest;
    const before = this.#guests.get(id)?.state;
    const isKept = this.#guests.set(id, kept);
    this.#listed = undefined;
    try {
      await isKept;
    } finally {
      this.#listed = undefined;
    }
    if (before !== kept.state) this.#notify(id, kept.state);
  }
}

function isGuest({ guest, state }: Partial<KeptGuest>): boolean {
  return typeof guest?.id === 'string' && Array.isArray(guest.nics) && state !== undefined;
}

/** Made once for each state of a guest: a boot lists the guests of its host several times. */
const foundGuests = new WeakMap<KeptGuest, FoundGuest>();

function found(kept: KeptGuest): FoundGuest {
  const known = foundGuests.get(kept) ?? asFound(kept);
  foundGuests.set(kept, known);
  return known;
}

function asFound({ guest, state, offPorts = [] }: KeptGuest): FoundGuest {
  const off = guest.nics.filter(({ portId }) => offPorts.includes(portId)).map(heldByNic);
  const devices = heldDevices(guest).filter(
    ({ address }) => !off.some((device) => device?.address === address),
  );
  return { id: guest.id, name: guest.name, state, devices };
}
