/** Converts hosts between core objects and rows. */
import { type ExpressionBuilder, type Selectable, sql, type Updateable } from 'kysely';
import type { HypervisorFacts } from '#contracts/host/hypervisor.ts';
import type { Host, HostChange, HostSummary, HostVersion } from '#contracts/store/store.ts';
import type { HostAggregate } from '#core/hosts/aggregate.ts';
import type { HostProblem } from '#core/hosts/host-problem.ts';
import type { HostNuma } from '#core/scheduling/numa-fit.ts';
import { readReported } from '../rows/readable-rows.ts';
import type { ComputeNodeRow, ComputeTables } from '../engine/tables.ts';
import { type PoolRow, poolOfRow, poolToRow } from './pool-row.ts';

/** `compute_nodes.cpu_info`. */
interface CpuInfo {
  model: string;
  arch: string;
}

/** The columns of a host's facts. */
export function factsColumns(facts: HypervisorFacts) {
  const cpuInfo: CpuInfo = { model: facts.cpuModel, arch: facts.architecture };
  return {
    hypervisor_type: facts.type,
    hypervisor_version: facts.version,
    vcpus: facts.vcpus,
    memory_mb: facts.memoryMib,
    local_gb: facts.diskGib,
    cpu_info: JSON.stringify(cpuInfo),
  };
}

/** The columns of the host's own row that a change sets. */
export function hostColumns(change: HostChange): Updateable<ComputeNodeRow> {
  return {
    ...(change.pciStats !== undefined && {
      pci_stats: JSON.stringify(change.pciStats.map(poolToRow)),
    }),
    ...(change.facts !== undefined && {
      ...factsColumns(change.facts),
      moves_guests: change.facts.movesGuests === true ? 1 : 0,
      shared_storage: change.facts.sharedStorage ?? null,
    }),
    ...(change.hostIp !== undefined && { host_ip: change.hostIp }),
    ...(change.physicalNetworks !== undefined && {
      physical_networks: JSON.stringify(change.physicalNetworks),
    }),
    ...(change.vcpusUsed !== undefined && { vcpus_used: change.vcpusUsed }),
    ...(change.memoryMibUsed !== undefined && { memory_mb_used: change.memoryMibUsed }),
    ...(change.diskGibUsed !== undefined && { local_gb_used: change.diskGibUsed }),
    ...(change.numa !== undefined && { numa_topology: JSON.stringify(change.numa) }),
    ...(change.enabled !== undefined && { disabled: change.enabled ? 0 : 1 }),
    ...(change.disabledReason !== undefined && { disabled_reason: change.disabledReason }),
    ...(change.forcedDown !== undefined && { forced_down: change.forcedDown ? 1 : 0 }),
    ...(change.lastSeenAt !== undefined && { last_seen_at: change.lastSeenAt }),
    ...(change.problems !== undefined && { problems: JSON.stringify(change.problems) }),
  };
}

export const versionColumns = [
  'uuid',
  'generation',
  'disabled',
  'disabled_reason',
  'forced_down',
  'last_seen_at',
] as const;

/** The fields that show whether a host changed. */
export function toVersion(
  row: Pick<Selectable<ComputeNodeRow>, (typeof versionColumns)[number]>,
): HostVersion {
  return {
    id: row.uuid,
    generation: row.generation,
    enabled: row.disabled === 0,
    disabledReason: row.disabled_reason,
    forcedDown: row.forced_down !== 0,
    lastSeenAt: row.last_seen_at,
  };
}

/** A row of `compute_nodes` with its running guests counted. */
type HostRow = Selectable<ComputeNodeRow> & { running_vms: number | null };

type DocumentColumns =
  | 'aggregates'
  | 'physical_networks'
  | 'numa_topology'
  | 'pci_stats'
  | 'problems';
type SummaryRow = Omit<HostRow, DocumentColumns | 'last_command_seq'>;

/** Running guests are counted, not stored: a stored count would drift. */
export function countRunning(eb: ExpressionBuilder<ComputeTables, 'compute_nodes'>) {
  return eb
    .selectFrom('instances')
    .whereRef('instances.compute_node_id', '=', 'compute_nodes.uuid')
    .where('instances.power_state', '=', sql.lit(running))
    .where('instances.deleted_at', 'is', null)
    .select((count) => count.fn.countAll<number>().as('count'))
    .as('running_vms');
}

/** `power_state` of a running guest. */
const running = 1;

/** The host of a row. */
export function toHost(row: HostRow): Host {
  return {
    ...toSummary(row),
    physicalNetworks: readReported<string[]>('physical_networks', row.physical_networks, []),
    aggregates: readReported<HostAggregate[]>('aggregates', row.aggregates, []),
    numa: toNuma(row.numa_topology),
    pciStats: readReported<PoolRow[]>('pci_stats', row.pci_stats, []).map(poolOfRow),
    problems: readReported<HostProblem[]>('problems', row.problems, []),
  };
}

/** The host of a row without what its documents hold. */
export function toSummary(row: SummaryRow): HostSummary {
  const cpuInfo = readReported<CpuInfo>('cpu_info', row.cpu_info, { model: '', arch: '' });
  return {
    id: row.uuid,
    number: row.number,
    name: row.hypervisor_hostname,
    generation: row.generation,
    availabilityZone: row.availability_zone,
    hostIp: row.host_ip,
    facts: {
      type: row.hypervisor_type,
      version: row.hypervisor_version,
      vcpus: row.vcpus,
      memoryMib: row.memory_mb,
      diskGib: row.local_gb,
      cpuModel: cpuInfo.model,
      architecture: cpuInfo.arch,
      ...(row.moves_guests !== 0 && { movesGuests: true }),
      ...(row.shared_storage !== null && { sharedStorage: row.shared_storage }),
    },
    vcpusUsed: row.vcpus_used,
    memoryMibUsed: row.memory_mb_used,
    diskGibUsed: row.local_gb_used,
    runningGuests: row.running_vms ?? 0,
    enabled: row.disabled === 0,
    disabledReason: row.disabled_reason,
    forcedDown: row.forced_down !== 0,
    lastSeenAt: row.last_seen_at,
    createdAt: row.created_at,
  };
}

function toNuma(text: string | null | undefined): HostNuma {
  return readReported<HostNuma>('numa_topology', text, { nodes: [], claims: [] });
}
