/**
 * The devices of one host kept in memory with their pools, for many claims in a row: each costs what it takes, not what the host has. The
 * rules are those of `allocate.ts` and `claim.ts`; a property test holds them together.
 */
import { compareText } from '../compare-text.ts';
import { invariant } from '../errors.ts';
import type { Verdict } from '../reason.ts';
import type { PciAddress } from './address.ts';
import { allocateFrom, type DeviceAssignment } from './allocate.ts';
import { claimDevices } from './claim.ts';
import type { PciDevice } from './device.ts';
import { groupByPool, type PciDevicePool, type PoolWithDevices } from './pool.ts';
import type { NumaPlacement } from './pool-match.ts';
import type { PciRequest } from './request.ts';

/**
 * All devices of a host, whatever their status. Measured with 512 devices: a claim of one VF takes a hundredth of the time that
 * `allocateDevices` and `claimDevices` take on the whole list.
 */
export class HostDevices {
  readonly #devices = new Map<PciAddress, PciDevice>();
  readonly #vfs: ReadonlyMap<PciAddress | null, readonly PciDevice[]>;
  readonly #groups: readonly PoolWithDevices[];
  readonly #groupOf = new Map<PciAddress, PoolWithDevices>();

  constructor(devices: readonly PciDevice[]) {
    for (const device of devices) this.#devices.set(device.address, device);
    this.#vfs = Map.groupBy(devices, ({ parentAddress }) => parentAddress);
    this.#groups = groupByPool(devices);
    for (const group of this.#groups) {
      for (const { address } of group.members) this.#groupOf.set(address, group);
    }
  }

  /** The pools as `poolsOf` gives them; their counts follow later claims. */
  get pools(): PciDevicePool[] {
    return this.#groups.map(({ pool }) => pool);
  }

  /** All devices as they are now. */
  get devices(): PciDevice[] {
    return [...this.#devices.values()];
  }

  /**
   * Chooses devices for all requests of a server and claims them: the rows that change, or why there is no way. Example: one VF → its row, now
   * claimed, and the row of its PF, now unclaimable.
   */
  claim(
    requests: readonly PciRequest[],
    serverId: string,
    placement: NumaPlacement = {},
  ): Verdict<{ changed: PciDevice[] }> {
    const choice = allocateFrom(this.#groups, requests, placement);
    if (!choice.ok) return choice;
    const changed = claimDevices(this.#touchedBy(choice.assignments), choice.assignments, serverId);
    this.apply(changed);
    return { ok: true, changed };
  }

  /** Takes over rows that `claim.ts` changed: a claim made final, devices given back. */
  apply(changed: readonly PciDevice[]): void {
    for (const device of changed) {
      const group = this.#groupOf.get(device.address);
      invariant(group, `PCI device ${device.address} is none of this host's`);
      this.#devices.set(device.address, device);
      const at = group.free.findIndex(({ address }) => address === device.address);
      if (at >= 0) group.free.splice(at, 1);
      if (device.status === 'available') insert(group.free, device);
      group.pool.count = group.free.length;
    }
  }

  /** The rows that a claim of these may change: their own, a PF that is still free, and of a PF its VFs. A PF that is hidden stays so. */
  #touchedBy(assignments: readonly DeviceAssignment[]): PciDevice[] {
    const touched = new Map<PciAddress, PciDevice>();
    const touch = (device: PciDevice | undefined) => {
      if (device !== undefined) touched.set(device.address, device);
    };
    for (const { address } of assignments) {
      const device = this.#devices.get(address);
      touch(device);
      const pf = this.#devices.get(device?.parentAddress ?? address);
      if (pf?.status === 'available') touch(pf);
      for (const vf of this.#vfs.get(address) ?? []) touch(this.#devices.get(vf.address));
    }
    return [...touched.values()];
  }
}

/** Keeps the list in address order. */
function insert(free: PciDevice[], device: PciDevice): void {
  const place = free.findIndex(({ address }) => compareText(device.address, address) < 0);
  free.splice(place < 0 ? free.length : place, 0, device);
}
