/**
 * What holds at every moment, also right after a kill, because each transition is one transaction.
 * Each violation is one line; none: an empty list.
 */
import { diskOf } from '#core/ledger/host-ledger.ts';
import { type PciDevicePool, poolKey, poolsOf } from '#core/pci/pools/pool.ts';
import { type Holding, holdingsIn } from '../state/holds.ts';
import type { Amounts, HostRow, Snapshot } from '../state/snapshot.ts';
import { moveViolations } from './moves.ts';

export function alwaysViolations(snapshot: Snapshot): string[] {
  return [
    ...snapshot.damage.map((line) => `database: ${line}`),
    ...claimViolations(snapshot),
    ...snapshot.hosts.flatMap((host) => [
      ...poolViolations(snapshot, host),
      ...usageViolations(snapshot, host),
    ]),
    ...taskViolations(snapshot),
    ...moveViolations(snapshot),
    ...commandViolations(snapshot),
    ...nicViolations(snapshot),
    ...guestViolations(snapshot),
  ];
}

const held = new Set(['claimed', 'allocated', 'missing']);

/** Every held device belongs to a server that holds on that host, for a request it has there. */
function claimViolations(snapshot: Snapshot): string[] {
  const holders = new Map<string, Holding[]>();
  for (const holding of holdingsIn(snapshot)) {
    holders.set(holding.serverId, [...(holders.get(holding.serverId) ?? []), holding]);
  }
  const requests = new Map(
    [
      ...snapshot.requests,
      ...snapshot.moves.flatMap(({ serverId, context }) =>
        [...context.requests.before, ...context.requests.after].map((one) => ({
          ...one,
          serverId,
        })),
      ),
    ].map((one) => [`${one.serverId} ${one.requestId}`, one.count]),
  );
  const taken = new Map<string, number>();
  const found: string[] = [];
  for (const [hostId, devices] of snapshot.devices) {
    for (const { address, status, serverId, requestId } of devices) {
      const device = `device ${address} of host ${hostId}`;
      if (held.has(status) !== (serverId !== null)) {
        found.push(`${device}: status ${status}, but holder ${serverId ?? 'none'}`);
      }
      if (serverId === null) continue;
      const everywhere = holders.get(serverId);
      if (everywhere === undefined) {
        found.push(`${device}: held by server ${serverId}, which is deleted or unknown`);
        continue;
      }
      const here = everywhere.filter((holding) => holding.hostId === hostId);
      if (here.length === 0) {
        const hosts = everywhere.map((holding) => holding.hostId).join(', ');
        found.push(`${device}: held by server ${serverId}, which is on ${hosts}`);
      } else if (
        here.every(({ requestIds }) => requestIds !== 'any' && !has(requestIds, requestId))
      )
        found.push(`${device}: held for request ${requestId}, which server ${serverId} lacks`);
      const key = `${serverId} ${requestId}`;
      taken.set(key, (taken.get(key) ?? 0) + 1);
    }
  }
  for (const [key, count] of taken) {
    const requested = requests.get(key) ?? count;
    if (count !== requested) found.push(`request ${key}: holds ${count} of ${requested} devices`);
  }
  return found;
}

function has(ids: ReadonlySet<string>, id: string | null): boolean {
  return id !== null && ids.has(id);
}

/** The stored pools equal a recount of the devices. */
function poolViolations({ devices }: Snapshot, { id, name, pools }: HostRow): string[] {
  const counted = countsOf(poolsOf(devices.get(id) ?? []));
  const stored = countsOf(pools);
  return [...new Set([...counted.keys(), ...stored.keys()])].flatMap((key) => {
    const [is, must] = [stored.get(key), counted.get(key)];
    return is === must ? [] : [`host ${name}: pci_stats counts ${is} of ${must} in pool ${key}`];
  });
}

function countsOf(pools: readonly PciDevicePool[]): Map<string, number> {
  return new Map(pools.map((pool) => [poolKey(pool), pool.count]));
}

/** The booked amounts equal the sum of the flavors of the servers that hold there. */
function usageViolations(snapshot: Snapshot, { id, name, used, numaHolders }: HostRow): string[] {
  const holders = holdingsIn(snapshot).filter(({ hostId }) => hostId === id);
  const sum = (of: (flavor: (typeof holders)[number]['flavor']) => number) =>
    holders.reduce((all, { flavor }) => all + of(flavor), 0);
  const must: Amounts = {
    vcpus: sum(({ vcpus }) => vcpus),
    memoryMib: sum(({ memoryMib }) => memoryMib),
    diskGib: sum(diskOf),
  };
  const amounts = (Object.keys(must) as (keyof Amounts)[])
    .filter((amount) => used[amount] !== must[amount])
    .map(
      (amount) => `host ${name}: ${amount} used is ${used[amount]}, its servers: ${must[amount]}`,
    );
  const ids = new Set(holders.map(({ serverId }) => serverId));
  const foreign = numaHolders.filter((server) => !ids.has(server));
  return [
    ...amounts,
    ...foreign.map((server) => `host ${name}: NUMA share of server ${server}, which holds nothing`),
  ];
}

/** Steps that run for a server that is already deleted. */
const afterDeletion = ['host-returned', 'remove-guest-again', 'delete-late-ports', 'drop-images'];

/** A server in transition has a workflow, and a deleted one only what follows its deletion. */
function taskViolations({ servers, tasks }: Snapshot): string[] {
  const steps = new Map(tasks.map(({ serverId, step }) => [serverId, step]));
  return servers.flatMap(({ id, taskState, vmState, isDeleted }) => {
    const step = steps.get(id) ?? null;
    if (isDeleted) {
      const isLate = step !== null && !afterDeletion.includes(step);
      return isLate ? [`server ${id}: deleted, but its task is at ${step}`] : [];
    }
    if (step !== null) return [];
    if (taskState !== null) return [`server ${id}: ${taskState} without a task`];
    return vmState === 'building' ? [`server ${id}: building without a task`] : [];
  });
}

/** One number is one command of a host. */
function commandViolations({ commands }: Snapshot): string[] {
  const seen = new Set<string>();
  return commands.flatMap(({ hostId, seq }) => {
    const key = `${hostId} ${seq}`;
    if (seen.has(key)) return [`command ${key}: two rows`];
    seen.add(key);
    return [];
  });
}

/** A live NIC belongs to a live server, and a port to one NIC. */
function nicViolations({ nics, servers }: Snapshot): string[] {
  const live = new Set(servers.filter(({ isDeleted }) => !isDeleted).map(({ id }) => id));
  const owners = new Map<string, string>();
  return nics
    .filter((nic) => nic.isLive)
    .flatMap(({ serverId, portId }) => {
      if (!live.has(serverId))
        return [`NIC of port ${portId}: live, its server ${serverId} is not`];
      if (portId === null) return [];
      const other = owners.get(portId);
      owners.set(portId, serverId);
      return other === undefined
        ? []
        : [`port ${portId}: NICs of servers ${other} and ${serverId}`];
    });
}

const running = new Set(['running', 'paused']);

/** A guest runs once, and no two running guests of a host have the same device. */
function guestViolations({ guests }: Snapshot): string[] {
  const places = new Map<string, string>();
  const users = new Map<string, string>();
  const found: string[] = [];
  for (const { id, host, devices } of guests.filter(({ state }) => running.has(state))) {
    const place = places.get(id);
    if (place !== undefined) found.push(`guest ${id}: runs on ${place} and ${host}`);
    places.set(id, host);
    for (const address of devices) {
      const key = `${host} ${address}`;
      const user = users.get(key);
      if (user !== undefined) found.push(`device ${key}: in guests ${user} and ${id}`);
      users.set(key, id);
    }
  }
  return found;
}
