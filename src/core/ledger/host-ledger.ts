/**
 * The ledger of a host: what a claim takes and a release returns. Devices, vcpus, pinned
 * processors, memory, disk and NUMA shares are booked only here, so that a release exactly undoes
 * its claim.
 */
import { allocateClaimed, freeDevices } from '../pci/claims/claim.ts';
import { type DeviceEvent, deviceEvents } from '../pci/claims/device-events.ts';
import { HostDevices } from '../pci/claims/host-devices.ts';
import type { PciDevice } from '../pci/devices/device.ts';
import { type PciDevicePool, poolsOf } from '../pci/pools/pool.ts';
import type { HostNuma, NumaClaim, NumaShare } from '../scheduling/numa-fit.ts';
import type { Flavor } from '../servers/flavor.ts';
import { withClaimProblems } from '../hosts/claim-problems.ts';
import type { HostProblem } from '../hosts/host-problem.ts';

/** What is booked in the row of a host. Memory in MiB, disk in GiB. */
export interface HostLedger {
  vcpusUsed: number;
  memoryMibUsed: number;
  diskGibUsed: number;
  numa: HostNuma;
  problems: readonly HostProblem[];
}

/** The fields of a host, and its device rows, that an entry changes. */
export interface LedgerEntry {
  /** Complete rows to write; matched by address. */
  devices?: PciDevice[];
  /** What becomes of these devices, for their history. Absent: nothing. */
  deviceEvents?: DeviceEvent[];
  pciStats?: PciDevicePool[];
  problems?: HostProblem[];
  vcpusUsed?: number;
  memoryMibUsed?: number;
  diskGibUsed?: number;
  numa?: HostNuma;
}

/** The booked properties of a server. */
export interface Booked {
  id: string;
  flavor: Pick<Flavor, 'vcpus' | 'memoryMib' | 'diskGib' | 'ephemeralGib'>;
}

/** Disk of a flavor, in GiB. Source: Nova counts root and ephemeral disk together. */
export function diskOf({ diskGib, ephemeralGib }: Booked['flavor']): number {
  return diskGib + ephemeralGib;
}

/** All devices of a host: as they were read, or kept between entries. */
export type DevicesOfHost = readonly PciDevice[] | HostDevices;

/**
 * Changed device rows with the pools they leave and what is then wrong with the host's claims.
 * `devices`: all of the host's before. No change: nothing is written.
 */
export function bookDevices(
  { problems }: Pick<HostLedger, 'problems'>,
  devices: DevicesOfHost,
  changed: PciDevice[],
): LedgerEntry {
  if (changed.length === 0) return {};
  if (devices instanceof HostDevices) {
    return {
      devices: changed,
      ...withEvents(deviceEvents((address) => devices.at(address), changed)),
      pciStats: devices.poolsAfter(changed),
      problems: withClaimProblems(problems, devices.disputedAfter(changed)),
    };
  }
  const byAddress = new Map(changed.map((device) => [device.address, device]));
  const after = devices.map((device) => byAddress.get(device.address) ?? device);
  const pciStats = poolsOf(after);
  const before = new Map(devices.map((device) => [device.address, device]));
  return {
    devices: changed,
    ...withEvents(deviceEvents((address) => before.get(address), changed)),
    pciStats,
    problems: withClaimProblems(problems, after),
  };
}

function withEvents(events: DeviceEvent[]): Pick<LedgerEntry, 'deviceEvents'> {
  return events.length === 0 ? {} : { deviceEvents: events };
}

/**
 * Books an entire server on the host. `taken`: the device rows that its claim changed
 * (`takeDevices`) and its NUMA shares. Example: a flavor of 2 vcpus on a host that has 3 booked →
 * `vcpusUsed: 5`.
 */
export function claimServer(
  host: HostLedger,
  devices: DevicesOfHost,
  server: Booked,
  taken: { changed: PciDevice[]; shares: readonly NumaShare[]; moveId?: string },
): LedgerEntry {
  const { moveId } = taken;
  const holder = { serverId: server.id, ...(moveId !== undefined && { moveId }) };
  const claims = taken.shares.map((share) => ({ ...share, ...holder }));
  return {
    ...bookDevices(host, devices, taken.changed),
    vcpusUsed: host.vcpusUsed + server.flavor.vcpus,
    memoryMibUsed: host.memoryMibUsed + server.flavor.memoryMib,
    diskGibUsed: host.diskGibUsed + diskOf(server.flavor),
    ...(claims.length > 0 && { numa: { ...host.numa, claims: [...host.numa.claims, ...claims] } }),
  };
}

/** Releases all that `claimServer` booked for the server; no amount falls below zero. */
export function releaseServer(
  host: HostLedger,
  devices: DevicesOfHost,
  server: Booked,
): LedgerEntry {
  return releaseHold(host, devices, server, everything);
}

/**
 * What a server holds on one side of a move: while it moves within a host, that host has both
 * sides. `requestIds`: of its devices; `hasShare`: whether a NUMA share is of this side.
 */
export interface Hold {
  requestIds: ReadonlySet<string> | 'all';
  hasShare: (claim: NumaClaim) => boolean;
}

/** No other side: the server does not move. */
export const everything: Hold = { requestIds: 'all', hasShare: () => true };

/** Releases one side of a move; what the server holds there for the other side stays. */
export function releaseHold(
  host: HostLedger,
  devices: DevicesOfHost,
  { id, flavor }: Booked,
  { requestIds, hasShare }: Hold,
): LedgerEntry {
  const isFreed = (requestId: string | null) =>
    requestIds === 'all' || (requestId !== null && requestIds.has(requestId));
  const freed = freeDevices(concerning(devices, id), id, isFreed);
  const isKept = (claim: NumaClaim) => claim.serverId !== id || !hasShare(claim);
  return {
    ...bookDevices(host, devices, freed),
    vcpusUsed: Math.max(0, host.vcpusUsed - flavor.vcpus),
    memoryMibUsed: Math.max(0, host.memoryMibUsed - flavor.memoryMib),
    diskGibUsed: Math.max(0, host.diskGibUsed - diskOf(flavor)),
    numa: { ...host.numa, claims: host.numa.claims.filter(isKept) },
  };
}

/** Releases the devices of one request of a server: those of a detached NIC. */
export function releaseRequest(
  host: Pick<HostLedger, 'problems'>,
  devices: DevicesOfHost,
  { serverId, requestId }: { serverId: string; requestId: string },
): LedgerEntry {
  return bookDevices(
    host,
    devices,
    freeDevices(concerning(devices, serverId), serverId, (id) => id === requestId),
  );
}

/** The server's guest runs: its claimed devices become allocated. */
export function allocateServer(
  host: Pick<HostLedger, 'problems'>,
  devices: DevicesOfHost,
  serverId: string,
): LedgerEntry {
  return bookDevices(host, devices, allocateClaimed(concerning(devices, serverId), serverId));
}

/** The rows that a change of the server's devices may change. */
function concerning(devices: DevicesOfHost, serverId: string): readonly PciDevice[] {
  return devices instanceof HostDevices ? devices.concerning(serverId) : devices;
}

/** Vcpus booked on shared processors: those of pinned guests are dedicated. */
export function sharedVcpusUsed({
  vcpusUsed,
  numa,
}: Pick<HostLedger, 'vcpusUsed' | 'numa'>): number {
  return vcpusUsed - numa.claims.reduce((sum, claim) => sum + claim.cpus.length, 0);
}
