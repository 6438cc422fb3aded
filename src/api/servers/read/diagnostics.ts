/**
 * What a running guest uses: `GET /servers/:id/diagnostics`. Source: Nova `server_diagnostics.py`
 * and its libvirt driver.
 */
import type { GuestCounters, NicCounters } from '#contracts/host/guest-counters.ts';
import { ComputeError } from '#core/errors.ts';
import { hasConfigDrive } from '#core/guests/description/config-drive.ts';
import type { PowerState, Server } from '#core/servers/server.ts';
import type { View } from '../../requests/microversions.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from './find.ts';
import { hidingHosts } from './hiding-hosts.ts';

const powerStates: Record<PowerState, string> = {
  0: 'pending',
  1: 'running',
  3: 'paused',
  4: 'shutdown',
  6: 'crashed',
  7: 'suspended',
};

/** 2.48 brought the shape that is the same for all hypervisors. */
export async function showDiagnostics(call: Call): Promise<Reply> {
  const server = await findServer(call);
  const { store, clock, workflows } = call.context;
  const host = server.hostId === null ? undefined : await store.hosts.get(server.hostId);
  if (host === undefined) {
    throw new ComputeError('conflict', `Instance ${server.id} is not ready: it is on no host`);
  }
  if (server.powerState !== 1) {
    throw new ComputeError(
      'conflict',
      `Cannot 'get_diagnostics' instance ${server.id} while it is in power state ${powerStates[server.powerState]}`,
    );
  }
  const counters = await hidingHosts(call, () => workflows.readCounters(server));
  if (call.version < 48) return { body: flatView(counters) };
  const { launchedAt } = server;
  return {
    body: {
      state: powerStates[server.powerState],
      driver: 'libvirt',
      hypervisor: host.facts.type.toLowerCase(),
      hypervisor_os: 'linux',
      uptime: launchedAt === null ? null : Math.floor((clock.now() - launchedAt) / 1000),
      ...devicesOf(server, counters),
    },
  };
}

function devicesOf(server: Server, counters: GuestCounters): View {
  const { cpuNanoseconds, memory, disks } = counters;
  const used = memory.current - (memory.unused ?? 0);
  return {
    config_drive: hasConfigDrive(server),
    num_cpus: cpuNanoseconds.length,
    num_nics: server.nics.length,
    num_disks: disks.length,
    memory_details: { maximum: mib(memory.maximum), used: mib(used) },
    cpu_details: cpuNanoseconds.map((time, id) => ({ id, time, utilisation: null })),
    disk_details: disks.map((disk) => ({
      read_bytes: disk.readBytes,
      read_requests: disk.readRequests,
      write_bytes: disk.writeBytes,
      write_requests: disk.writeRequests,
      errors_count: disk.errors,
    })),
    nic_details: nicViews(server, counters.nics),
  };
}

/** All of the server's; a NIC that its host does not count has null for each counter. */
function nicViews({ nics }: Server, counted: readonly NicCounters[]): View[] {
  const left = [...counted];
  return nics.map(({ vif }) => {
    const mac = vif?.macAddress.toLowerCase();
    // A guest may have one MAC address on two networks.
    const at = left.findIndex(({ macAddress }) => macAddress.toLowerCase() === mac);
    const [found] = at === -1 ? [] : left.splice(at, 1);
    const { received, sent } = found ?? {};
    return {
      mac_address: vif?.macAddress ?? null,
      rx_octets: received?.bytes ?? null,
      rx_errors: received?.errors ?? null,
      rx_drop: received?.drops ?? null,
      rx_packets: received?.packets ?? null,
      rx_rate: null,
      tx_octets: sent?.bytes ?? null,
      tx_errors: sent?.errors ?? null,
      tx_drop: sent?.drops ?? null,
      tx_packets: sent?.packets ?? null,
      tx_rate: null,
    };
  });
}

const mib = (kib: number): number => Math.floor(kib / 1024);

/**
 * The shape before 2.48: one key for each counter; memory in KiB. What is not counted has no key.
 */
function flatView({ cpuNanoseconds, memory, disks, nics }: GuestCounters): View {
  const all: [string, number | null][] = [
    ...cpuNanoseconds.map((time, at) => [`cpu${at}_time`, time] as [string, number | null]),
    ['memory', memory.maximum],
    ['memory-actual', memory.current],
    ['memory-rss', memory.resident],
    ['memory-unused', memory.unused],
    ...disks.flatMap(({ name, ...disk }): [string, number | null][] => [
      [`${name}_read`, disk.readBytes],
      [`${name}_read_req`, disk.readRequests],
      [`${name}_write`, disk.writeBytes],
      [`${name}_write_req`, disk.writeRequests],
      [`${name}_errors`, disk.errors],
    ]),
    ...nics.flatMap(({ name, received, sent }) => [
      ...trafficKeys(`${name}_rx`, received),
      ...trafficKeys(`${name}_tx`, sent),
    ]),
  ];
  return Object.fromEntries(all.filter(([, value]) => value !== null));
}

function trafficKeys(
  prefix: string,
  { bytes, packets, errors, drops }: NicCounters['received'],
): [string, number | null][] {
  return [
    [prefix, bytes],
    [`${prefix}_packets`, packets],
    [`${prefix}_errors`, errors],
    [`${prefix}_drop`, drops],
  ];
}
