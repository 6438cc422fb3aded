/**
 * Files of generated inputs with the real Nova's answers: their form, and the inputs in the terms
 * of the core.
 */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { Vif } from '#core/networking/vif.ts';
import type { VnicType } from '#core/networking/vnic-types.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import type { PciDevice, PciDeviceType, PciFunction } from '#core/pci/devices/device.ts';
import type { DeviceSpec } from '#core/pci/specs/device-spec.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import type { PciDevicePool } from '#core/pci/pools/pool.ts';
import type { NumaPolicy, PciRequest, PciRequestSpec } from '#core/pci/requests/request.ts';

export interface WireDevice {
  address: string;
  vendor_id: string;
  product_id: string;
  numa_node: number | null;
  dev_type: PciDeviceType;
  parent_addr: string | null;
  parent_ifname?: string;
}

/** A pool as Nova keeps it: one flat set of keys, tags among them. */
export type WirePool = {
  vendor_id: string;
  product_id: string;
  numa_node: number | null;
  dev_type: PciDeviceType;
  address: string;
  parent_ifname?: string;
  count: number;
} & Record<string, string | number | null>;

export interface WireRequest {
  count: number;
  spec: PciRequestSpec[];
  alias_name?: string;
  requester_id?: string;
  numa_policy?: NumaPolicy | null;
}

export interface WireVif {
  id: string;
  address: string;
  vnic_type: VnicType;
  type: string;
  profile: Record<string, unknown>;
  details: Record<string, unknown>;
  x_sysfs_ifname: string;
  x_flavor_extra_specs: Record<string, string>;
}

/** Counts by pool address. Example: `['0000:01:00.0', 3]`. */
export type WireLeft = [string, number][] | null;

export interface CoreData {
  match: {
    devices: WireDevice[];
    sysfs: { pfs: string[]; ifnames: Record<string, string> };
    specs: string[];
    specs_sysfs: string[];
  };
  hosts: WirePool[][];
  requests: Record<string, WireRequest[]>;
  semantics: {
    pools: WirePool[];
    requests: WireRequest[];
    numa_cells: number[] | null;
    host_numa: [number, number | null][] | null;
  }[];
  compute: { devices: WireDevice[]; specs: string[]; request: WireRequest[] };
  vifs: WireVif[];
  expected: {
    specs_all: number[][];
    specs_sysfs_all: number[][];
    match_first: { list: 'specs' | 'specs_sysfs'; specs: number; first: number[] }[];
    hosts: Record<string, { passes: string; total: number; left: WireLeft[] }>;
    semantics: { ok: boolean; left: WireLeft }[];
    compute_pools: WirePool[];
    consume: { order: string[]; final: [string, PciDeviceType, number][] };
    vif_xml: string[];
  };
}

export function readCoreData(file: string): CoreData {
  return JSON.parse(gunzipSync(readFileSync(file)).toString('utf8')) as CoreData;
}

/** `ifnames`: interface name → address. */
export function functionOf(device: WireDevice, ifnames: Record<string, string> = {}): PciFunction {
  const [ifname] = Object.entries(ifnames).find(([, at]) => at === device.address) ?? [null];
  return {
    address: parsePciAddress(device.address),
    vendorId: device.vendor_id,
    productId: device.product_id,
    deviceType: device.dev_type,
    parentAddress: device.parent_addr === null ? null : parsePciAddress(device.parent_addr),
    numaNode: device.numa_node,
    ifname,
    parentIfname: device.parent_ifname ?? null,
    macAddress: null,
    capabilities: {},
  };
}

export function freeDevice(fn: PciFunction, tags: PciDevice['tags']): PciDevice {
  return { ...fn, tags, status: 'available', serverId: null, requestId: null };
}

export function specsOf(texts: readonly string[]): DeviceSpec[] {
  return parseDeviceSpecs(
    texts.map((text, at) => ({ text, source: `specs[${at}]` })),
    [],
  );
}

export function poolOf(wire: WirePool): PciDevicePool {
  const {
    vendor_id: vendorId,
    product_id: productId,
    numa_node: numaNode,
    dev_type: deviceType,
    address,
    parent_ifname: parentIfname,
    count,
    device_addresses: _devices,
    ...tags
  } = wire;
  return {
    vendorId,
    productId,
    numaNode,
    deviceType,
    address,
    parentIfname: parentIfname ?? null,
    tags: tags as PciDevicePool['tags'],
    count,
  };
}

export function requestOf(wire: WireRequest, at: number): PciRequest {
  return {
    requestId: `request-${at}`,
    count: wire.count,
    spec: wire.spec,
    needsInterface: false,
    aliasName: wire.alias_name ?? null,
    numaPolicy: wire.numa_policy ?? null,
    requesterId: wire.requester_id ?? null,
  };
}

export function vifOf(wire: WireVif): Vif {
  return {
    portId: wire.id,
    macAddress: wire.address,
    vnicType: wire.vnic_type,
    vifType: wire.type,
    details: wire.details,
    profile: wire.profile,
    network: { id: '', name: '', mtu: null, bridge: null },
    fixedIps: [],
    devName: wire.x_sysfs_ifname,
    tag: null,
  };
}
