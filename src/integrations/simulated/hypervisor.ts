/** A hypervisor in memory. With a state directory its guests outlive our process, as those of a real host do. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FoundGuest, Hypervisor, HypervisorFacts } from '#contracts/hypervisor.ts';
import { ComputeError } from '#core/errors.ts';
import type { Guest } from '#core/guests/guest.ts';
import { heldDevices } from '#core/guests/held-device.ts';
import { isLive } from '#core/guests/plan.ts';
import { numaNodesOf, type SimulatedHost } from './simulated-host.ts';

export interface SimulatedHypervisorOptions {
  host: SimulatedHost;
  /** Writes a guest's domain XML: libvirt's writer, handed in. */
  domainXml: (guest: Guest, macvtapSources: Record<string, string>) => string;
  /** Folder with one file for each guest; guests live in memory only when absent. */
  stateDirectory?: string;
}

interface KeptGuest {
  guest: Guest;
  state: FoundGuest['state'];
  xml: string;
}

/** One simulated host's hypervisor. */
export class SimulatedHypervisor implements Hypervisor {
  readonly #options: SimulatedHypervisorOptions;
  readonly #guests = new Map<string, KeptGuest>();

  /** Reads the guests of an earlier process from the state directory. */
  constructor(options: SimulatedHypervisorOptions) {
    this.#options = options;
    const { stateDirectory } = options;
    if (stateDirectory === undefined) return;
    mkdirSync(stateDirectory, { recursive: true });
    for (const file of readdirSync(stateDirectory).filter((name) => name.endsWith('.json'))) {
      const kept = JSON.parse(readFileSync(join(stateDirectory, file), 'utf8')) as KeptGuest;
      this.#guests.set(kept.guest.id, kept);
    }
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
    return Promise.resolve([...this.#guests.values()].map(found));
  }

  async define(guest: Guest, macvtapSources: Record<string, string>): Promise<void> {
    const before = this.#guests.get(guest.id);
    if (before !== undefined && isLive(found(before))) return;
    const xml = this.#options.domainXml(guest, macvtapSources);
    this.#keep({ guest, state: 'shutOff', xml });
  }

  async start(guestId: string): Promise<void> {
    const kept = this.#guests.get(guestId);
    if (kept === undefined) {
      throw new ComputeError('notFound', `guest ${guestId}: not defined on this host`);
    }
    if (isLive(found(kept))) return;
    this.#refuseHeldDevices(kept.guest);
    this.#keep({ ...kept, state: 'running' });
  }

  async destroy(guestId: string): Promise<void> {
    const kept = this.#guests.get(guestId);
    if (kept !== undefined) this.#keep({ ...kept, state: 'shutOff' });
  }

  async undefine(guestId: string): Promise<void> {
    const kept = this.#guests.get(guestId);
    if (kept !== undefined && isLive(found(kept))) {
      throw new ComputeError('conflict', `guest ${kept.guest.name}: still running`);
    }
    this.#guests.delete(guestId);
    const { stateDirectory } = this.#options;
    if (stateDirectory !== undefined) rmSync(fileOf(stateDirectory, guestId), { force: true });
  }

  domainXml(guestId: string): Promise<string | undefined> {
    return Promise.resolve(this.#guests.get(guestId)?.xml);
  }

  #refuseHeldDevices(guest: Guest): void {
    const mine = new Set(heldDevices(guest).map((device) => device.address));
    for (const other of [...this.#guests.values()].map(found)) {
      if (other.id === guest.id || !isLive(other)) continue;
      const shared = other.devices.find((device) => mine.has(device.address));
      if (shared === undefined) continue;
      throw new ComputeError(
        'conflict',
        `PCI device ${shared.address} is in use by guest ${other.name}`,
      );
    }
  }

  #keep(kept: KeptGuest): void {
    const { stateDirectory } = this.#options;
    if (stateDirectory !== undefined) {
      const path = fileOf(stateDirectory, kept.guest.id);
      writeFileSync(`${path}.new`, JSON.stringify(kept));
      // A rename is whole or not at all: a process that dies here leaves the guest as it was.
      renameSync(`${path}.new`, path);
    }
    this.#guests.set(kept.guest.id, kept);
  }
}

function fileOf(directory: string, guestId: string): string {
  return join(directory, `${guestId}.json`);
}

function found({ guest, state }: KeptGuest): FoundGuest {
  return { id: guest.id, name: guest.name, state, devices: heldDevices(guest) };
}
