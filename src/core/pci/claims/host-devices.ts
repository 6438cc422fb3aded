/**
 * The devices of one host kept between claims, with their pools. A claim or a release costs the
 * devices that it concerns, not all of the host's. The rules are those of `allocate.ts` and
 * `claim.ts`.
 */
import { compareText } from '../../compare-text.ts';
import type { PciAddress } from '../devices/address.ts';
import type { PciDevice } from '../devices/device.ts';
import { type FreeInPool, type PciDevicePool, poolsOf } from '../pools/pool.ts';
import { withInterfaceTag } from '../requests/interface-need.ts';
import type { DeviceAssignment } from './allocate.ts';
import { isHeld } from './claim.ts';
import { KeptPools } from './kept-pools.ts';

/**
 * All devices of a host, of any status, given in address order. Reading never changes it; `apply`
 * does, once a change is stored. Example: `new HostDevices(rows).pools` equals `poolsOf(rows)`.
 */
export class HostDevices {
  readonly #rows = new Map<PciAddress, PciDevice>();
  readonly #vfsOf = new Map<PciAddress, PciAddress[]>();
  readonly #heldBy = new Map<string, Set<PciAddress>>();
  readonly #disputed = new Set<PciAddress>();
  readonly #pools: KeptPools;
  /** Made for the first request that needs interfaces: its pools are smaller. */
  #poolsWithInterfaces: KeptPools | undefined;

  constructor(devices: readonly PciDevice[]) {
    for (const device of devices) {
      this.#rows.set(device.address, device);
      this.#index(device);
      const { parentAddress, address } = device;
      if (parentAddress === null) continue;
      const siblings = this.#vfsOf.get(parentAddress);
      if (siblings === undefined) this.#vfsOf.set(parentAddress, [address]);
      else siblings.push(address);
    }
    this.#pools = new KeptPools(devices);
  }

  get size(): number {
    return this.#rows.size;
  }

  /** undefined: no device is at this address. */
  at(address: PciAddress): PciDevice | undefined {
    return this.#rows.get(address);
  }

  /** All devices, in address order. */
  get rows(): PciDevice[] {
    return [...this.#rows.values()];
  }

  /** As `poolsOf` returns them. */
  get pools(): PciDevicePool[] {
    return this.#pools.pools;
  }

  /** The devices that the server holds, in address order. */
  heldBy(serverId: string): PciDevice[] {
    return this.#inOrder(this.#heldBy.get(serverId) ?? []);
  }

  /** The pools to take from. `byInterface`: devices with an interface are pools of their own. */
  groups(byInterface: boolean): readonly FreeInPool[] {
    if (!byInterface) return this.#pools.groups;
    this.#poolsWithInterfaces ??= new KeptPools(this.rows.map(withInterfaceTag));
    return this.#poolsWithInterfaces.groups;
  }

  /**
   * The rows that a claim of these devices can change: they, a PF that is still free, and the VFs
   * of a PF.
   */
  touchedBy(assignments: readonly DeviceAssignment[]): PciDevice[] {
    const touched = new Set<PciAddress>();
    for (const { address } of assignments) {
      touched.add(address);
      const parent = this.#rows.get(address)?.parentAddress ?? null;
      if (parent !== null && this.#rows.get(parent)?.status === 'available') touched.add(parent);
      for (const vf of this.#vfsOf.get(address) ?? []) touched.add(vf);
    }
    return this.#inOrder(touched);
  }

  /** The rows that a change of the server's devices can change: they, and all of their cards. */
  concerning(serverId: string): PciDevice[] {
    const concerned = new Set<PciAddress>();
    for (const address of this.#heldBy.get(serverId) ?? []) {
      concerned.add(address);
      const pf = this.#rows.get(address)?.parentAddress ?? address;
      concerned.add(pf);
      for (const vf of this.#vfsOf.get(pf) ?? []) concerned.add(vf);
    }
    return this.#inOrder(concerned);
  }

  /** The pools once these rows are stored; nothing changes yet. */
  poolsAfter(changed: readonly PciDevice[]): PciDevicePool[] {
    return this.#isStatusOnly(changed)
      ? this.#pools.poolsAfter(changed)
      : poolsOf(this.#rowsAfter(changed));
  }

  /**
   * All rows once these are stored, where a held device may differ from what its host reports; else
   * none, as no claim has a problem then. For `withClaimProblems`.
   */
  disputedAfter(changed: readonly PciDevice[]): PciDevice[] {
    return this.#disputed.size > 0 || changed.some(isDisputed) ? this.#rowsAfter(changed) : [];
  }

  /** The devices with these rows stored: this object itself where only statuses differ. */
  apply(changed: readonly PciDevice[]): HostDevices {
    if (!this.#isStatusOnly(changed)) return new HostDevices(this.#rowsAfter(changed));
    for (const device of changed) {
      const before = this.#rows.get(device.address);
      if (before !== undefined) this.#forget(before);
      this.#rows.set(device.address, device);
      this.#index(device);
    }
    this.#pools.apply(changed);
    this.#poolsWithInterfaces?.apply(changed.map(withInterfaceTag));
    return this;
  }

  #index(device: PciDevice): void {
    const { serverId, address } = device;
    if (serverId === null) return;
    const held = this.#heldBy.get(serverId);
    if (held === undefined) this.#heldBy.set(serverId, new Set([address]));
    else held.add(address);
    if (isDisputed(device)) this.#disputed.add(address);
  }

  #forget({ serverId, address }: PciDevice): void {
    if (serverId === null) return;
    this.#disputed.delete(address);
    const held = this.#heldBy.get(serverId);
    held?.delete(address);
    if (held?.size === 0) this.#heldBy.delete(serverId);
  }

  #inOrder(addresses: Iterable<PciAddress>): PciDevice[] {
    const rows: PciDevice[] = [];
    for (const address of addresses) {
      const device = this.#rows.get(address);
      if (device !== undefined) rows.push(device);
    }
    return rows.sort(inOrder);
  }

  #rowsAfter(changed: readonly PciDevice[]): PciDevice[] {
    const after = new Map(this.#rows);
    for (const device of changed) after.set(device.address, device);
    const rows = [...after.values()];
    return after.size === this.#rows.size ? rows : rows.sort(inOrder);
  }

  /** Do the rows differ from the known ones in nothing that decides their pool or their place? */
  #isStatusOnly(changed: readonly PciDevice[]): boolean {
    return changed.every((device) => {
      const known = this.#rows.get(device.address);
      return known !== undefined && isSameKind(known, device);
    });
  }
}

function inOrder(one: PciDevice, other: PciDevice): number {
  return compareText(one.address, other.address);
}

function isSameKind(known: PciDevice, device: PciDevice): boolean {
  return (
    (known.status === 'removed') === (device.status === 'removed') &&
    known.tags === device.tags &&
    known.vendorId === device.vendorId &&
    known.productId === device.productId &&
    known.numaNode === device.numaNode &&
    known.deviceType === device.deviceType &&
    known.parentAddress === device.parentAddress &&
    known.parentIfname === device.parentIfname &&
    known.ifname === device.ifname
  );
}

function isDisputed(device: PciDevice): boolean {
  return isHeld(device) && (device.status === 'missing' || device.found !== undefined);
}
