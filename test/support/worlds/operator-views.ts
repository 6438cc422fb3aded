/** Documents of the operator API, as the commands get them. */
import type { ControllerStatus } from '#client/shapes/status.ts';
import type { DeviceView, PoolView, StatsView } from '#client/shapes/pci.ts';
import type { HostView } from '#client/shapes/hosts.ts';

/** A healthy host: host-1 with three guests and ten free devices. */
export function aHostView(change: Partial<HostView> = {}): HostView {
  return {
    id: '0c1d2e3f-1111-4222-8333-444455556666',
    name: 'host-1',
    availability_zone: 'nova',
    host_ip: '192.0.2.1',
    state: 'up',
    status: 'enabled',
    disabled_reason: null,
    forced_down: false,
    last_seen_at: '2026-01-02T03:04:05Z',
    generation: 7,
    hypervisor_type: 'QEMU',
    hypervisor_version: 10_000_000,
    vcpus: 8,
    vcpus_used: 3,
    memory_mb: 16_384,
    memory_mb_used: 6_144,
    disk_gb: 100,
    disk_gb_used: 30,
    running_guests: 3,
    problems: [],
    devices_free: 10,
    ...change,
  };
}

/** A free VF on host-2, which reports no NUMA node. */
export function aDeviceView(change: Partial<DeviceView> = {}): DeviceView {
  return {
    host: 'host-2',
    address: '0000:01:10.0',
    vendor_id: '8086',
    product_id: '10ca',
    dev_type: 'type-VF',
    parent_addr: '0000:01:00.0',
    numa_node: null,
    ifname: 'enp1s0f0v0',
    link: null,
    network_capabilities: null,
    card_serial_number: null,
    quarantine: null,
    replaced: null,
    tags: { physical_network: 'physnet1' },
    physical_network: 'physnet1',
    status: 'available',
    instance_uuid: null,
    request_id: null,
    ...change,
  };
}

/** Six free VFs on host-1. */
export function aPoolView(change: Partial<PoolView> = {}): PoolView {
  return {
    host: 'host-1',
    vendor_id: '8086',
    product_id: '10ca',
    dev_type: 'type-VF',
    numa_node: 0,
    address: '0000:01:00.0',
    tags: { physical_network: 'physnet1' },
    physical_network: 'physnet1',
    count: 6,
    ...change,
  };
}

/** The roll-up of `aPoolView`. */
export function aStatsView(change: Partial<StatsView> = {}): StatsView {
  return {
    host: 'host-1',
    physical_network: 'physnet1',
    product_id: '10ca',
    vendor_id: '8086',
    count: 6,
    ...change,
  };
}

/** A controller with space on its disk and no task. */
export function aControllerStatus(change: Partial<ControllerStatus> = {}): ControllerStatus {
  const disk = {
    uses: ['state', 'images'],
    free_bytes: 80 * 1024 ** 3,
    size_bytes: 100 * 1024 ** 3,
  };
  return {
    controller: { version: '1.2.3', started_at: '2026-01-02T03:04:05Z' },
    controllers: [
      { name: null, version: '1.2.3', started_at: '2026-01-02T03:04:05Z', answers: true },
    ],
    settings: [],
    host_counts: { up: 1, down: 0, forced_down: 0, disabled: 0, with_problems: 0 },
    disks: [disk],
    tasks: { running: 0, queued: 0, waiting: 0, host: 0, oldest: [] },
    ...change,
  };
}
