/**
 * What is known of a running guest: `GET /servers/:id/diagnostics`. Hosts report no counters, so
 * those are null. Source: Nova `server_diagnostics.py` and its libvirt driver.
 */
import { ComputeError } from '#core/errors.ts';
import { hasConfigDrive } from '#core/guests/description/config-drive.ts';
import type { PowerState, Server } from '#core/servers/server.ts';
import type { View } from '../../requests/microversions.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from './find.ts';

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
  const { hosts } = call.context.store;
  const host = server.hostId === null ? undefined : await hosts.get(server.hostId);
  if (host === undefined) {
    throw new ComputeError('conflict', `Instance ${server.id} is not ready: it is on no host`);
  }
  if (server.powerState !== 1) {
    throw new ComputeError(
      'conflict',
      `Cannot 'get_diagnostics' instance ${server.id} while it is in power state ${powerStates[server.powerState]}`,
    );
  }
  if (call.version < 48) return { body: { memory: server.flavor.memoryMib * 1024 } };
  const { launchedAt } = server;
  return {
    body: {
      state: powerStates[server.powerState],
      driver: 'libvirt',
      hypervisor: host.facts.type.toLowerCase(),
      hypervisor_os: 'linux',
      uptime:
        launchedAt === null ? null : Math.floor((call.context.clock.now() - launchedAt) / 1000),
      ...devicesOf(server),
    },
  };
}

function devicesOf(server: Server): View {
  const { flavor, nics } = server;
  const drives = hasConfigDrive(server) ? 2 : 1;
  return {
    config_drive: hasConfigDrive(server),
    num_cpus: flavor.vcpus,
    num_nics: nics.length,
    num_disks: drives,
    memory_details: { maximum: flavor.memoryMib, used: null },
    cpu_details: Array.from({ length: flavor.vcpus }, (_, id) => ({ ...noCpuCounters, id })),
    disk_details: Array.from({ length: drives }, () => noDiskCounters),
    nic_details: nics.map(({ vif }) => ({
      mac_address: vif?.macAddress ?? null,
      ...noNicCounters,
    })),
  };
}

const noCpuCounters = { time: null, utilisation: null };
const noDiskCounters = {
  read_bytes: null,
  read_requests: null,
  write_bytes: null,
  write_requests: null,
  errors_count: null,
};
const noNicCounters = {
  rx_octets: null,
  rx_errors: null,
  rx_drop: null,
  rx_packets: null,
  rx_rate: null,
  tx_octets: null,
  tx_errors: null,
  tx_drop: null,
  tx_packets: null,
  tx_rate: null,
};
