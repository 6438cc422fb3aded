/** Devices, pools, requests and decisions in the shapes of the operator API. */
import type { DecisionView, NicView, PciRequestView } from '#client/shapes/explain.ts';
import type { HostView } from '#client/shapes/hosts.ts';
import type { DeviceView, PoolView, StatsView } from '#client/shapes/pci.ts';
import { replacement } from '#core/pci/devices/device-identity.ts';
import type { Host } from '#contracts/store/store.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import type { PciDevicePool } from '#core/pci/pools/pool.ts';
import type { PciRequest } from '#core/pci/requests/request.ts';
import type { Decision } from '#core/scheduling/decision.ts';
import type { ServerNic } from '#core/servers/server.ts';
import { atSecond } from '../requests/links.ts';

export function viewDevice(host: string, device: PciDevice): DeviceView {
  return {
    host,
    address: device.address,
    vendor_id: device.vendorId,
    product_id: device.productId,
    dev_type: device.deviceType,
    parent_addr: device.parentAddress,
    numa_node: device.numaNode,
    ifname: device.ifname,
    link: device.link ?? null,
    network_capabilities: device.capabilities.network ?? null,
    card_serial_number: device.capabilities.vpd?.cardSerialNumber ?? null,
    quarantine: device.quarantine ?? null,
    replaced: replacement(device) ?? null,
    tags: device.tags,
    physical_network: device.tags['physical_network'] ?? null,
    status: device.status,
    instance_uuid: device.serverId,
    request_id: device.requestId,
  };
}

export function viewPool(host: string, pool: PciDevicePool): PoolView {
  return {
    host,
    vendor_id: pool.vendorId,
    product_id: pool.productId,
    dev_type: pool.deviceType,
    numa_node: pool.numaNode,
    address: pool.address,
    tags: pool.tags,
    physical_network: pool.tags['physical_network'] ?? null,
    count: pool.count,
  };
}

/**
 * The pools of a host summed as the seed's text shows them: `<physical_network>, <product_id>,
 * <vendor_id> : <count>`. Example: two PFs' pools of 7 and 6 VFs on physnet1 → one entry of 13.
 * Source: the seed, "PCI stats".
 */
export function rollUp(host: string, pools: readonly PciDevicePool[]): StatsView[] {
  const views = pools.map((pool) => viewPool(host, pool));
  const groups = Map.groupBy(views, ({ physical_network, product_id, vendor_id }) =>
    JSON.stringify([physical_network, product_id, vendor_id]),
  );
  return [...groups.values()].flatMap((alike) =>
    alike.slice(0, 1).map(({ physical_network, product_id, vendor_id }) => ({
      host,
      physical_network,
      product_id,
      vendor_id,
      count: alike.reduce((total, { count }) => total + count, 0),
    })),
  );
}

export function viewRequest(request: PciRequest): PciRequestView {
  return {
    request_id: request.requestId,
    count: request.count,
    spec: request.spec,
    needs_interface: request.needsInterface,
    alias_name: request.aliasName,
    numa_policy: request.numaPolicy,
    requester_id: request.requesterId,
  };
}

export function viewDecision(decision: Decision): DecisionView {
  return {
    attempt: decision.attempt,
    decided_at: atSecond(decision.decidedAt),
    chosen: decision.chosen,
    candidates: decision.candidates,
    rejections: decision.rejections,
    devices: decision.devices.map(({ requestId, address, pool }) => ({
      request_id: requestId,
      address,
      pool,
    })),
  };
}

/** A NIC; nulls until its port is known and bound. */
export function viewNic(nic: ServerNic): NicView {
  const { vif } = nic;
  return {
    position: nic.position,
    network_id: nic.networkId ?? vif?.network.id ?? null,
    port_id: nic.portId,
    vnic_type: vif?.vnicType ?? null,
    vif_type: vif?.vifType ?? null,
    mac_address: vif?.macAddress ?? null,
    pci_request_id: nic.pciRequestId,
    pci_slot: textOf(vif?.profile['pci_slot']),
    physical_network: textOf(vif?.profile['physical_network']),
    binding_profile: vif?.profile ?? null,
  };
}

export function viewHost(host: Host, isUp: boolean): HostView {
  return {
    id: host.id,
    name: host.name,
    availability_zone: host.availabilityZone,
    host_ip: host.hostIp,
    state: isUp ? 'up' : 'down',
    status: host.enabled ? 'enabled' : 'disabled',
    disabled_reason: host.disabledReason,
    forced_down: host.forcedDown,
    last_seen_at: host.lastSeenAt === 0 ? null : atSecond(host.lastSeenAt),
    generation: host.generation,
    hypervisor_type: host.facts.type,
    hypervisor_version: host.facts.version,
    vcpus: host.facts.vcpus,
    vcpus_used: host.vcpusUsed,
    memory_mb: host.facts.memoryMib,
    memory_mb_used: host.memoryMibUsed,
    disk_gb: host.facts.diskGib,
    disk_gb_used: host.diskGibUsed,
    running_guests: host.runningGuests,
    problems: host.problems.map(({ code, message, blocks }) => ({ code, message, blocks })),
    devices_free: host.pciStats.reduce((total, { count }) => total + count, 0),
  };
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
