/**
 * Topic binding: what a server's ports get when they are bound, unbound and moved, as the calls
 * that go to Neutron.
 */
import type { Port, PortChange } from '#core/networking/port.ts';
import {
  type Allocation,
  bindChange,
  unbindChange,
} from '#core/networking/binding/port-binding.ts';
import {
  addBinding,
  cleanUpMove,
  finishMove,
  type HeldFor,
  type MovedDevice,
  type PortCall,
  prepareMove,
  replacementOf,
} from '#core/networking/binding/port-move.ts';
import { bindingProblem } from '#core/networking/binding/port-binding.ts';
import type { VnicType } from '#core/networking/vnic-types.ts';
import { parsePciAddress } from '#core/pci/devices/address.ts';
import { compileDeviceSpecs } from '#core/pci/specs/device-matcher.ts';
import type { PciDeviceType, PciFunction } from '#core/pci/devices/device.ts';
import { parseDeviceSpecs } from '#core/pci/specs/parse-device-specs.ts';
import { type CaseOutcome, failed, judge, type Topic, type VectorCase } from '../topic.ts';

interface WirePort {
  id: string;
  network_id: string;
  'binding:vnic_type': VnicType;
  'binding:vif_type': string;
  'binding:host_id': string | null;
  'binding:profile': Record<string, unknown> | null;
  mac_address: string;
  resource_request?: { request_groups?: { id: string }[] };
}

interface WireDevice {
  address: string;
  vendor_id: string;
  product_id: string;
  dev_type: PciDeviceType;
  parent_addr?: string;
  request_id: string;
  mac_address?: string;
  capabilities?: {
    sriov?: { pf_mac_address?: string; vf_num?: number };
    vpd?: { card_serial_number?: string };
    network?: string[];
  };
}

interface Input {
  operation: string;
  ports: WirePort[];
  bind_host: string;
  instance_host?: string;
  requested?: { port_id: string; request_id: string | null }[];
  devices?: WireDevice[];
  device_spec?: string[];
  provider_mapping?: Record<string, string[]>;
  pci_requests?: { requester_id: string; request_id: string }[];
  migration?: {
    type: string;
    status: string;
    old_devices: WireDevice[];
    new_devices: WireDevice[];
  };
  destination_devices?: Record<string, WireDevice>;
  activate?: boolean;
  detach?: boolean;
  host_sysfs?: { functions: { address: string; ifname?: string; mac?: string }[] };
}

interface WireCall {
  method: string;
  path: string;
  body?: unknown;
}

interface Outcome {
  calls: WireCall[];
  refused?: string;
}

const serverId = '0a1b2c3d-1111-4222-8333-444455556666';
const zone = 'nova';

export const binding: Topic = { name: 'binding', run };

function run(testCase: VectorCase): CaseOutcome {
  const expect = testCase.expect as { calls?: WireCall[]; error?: { kind: string } };
  const actual = play(testCase.input as unknown as Input);
  if (expect.error !== undefined && actual.refused === undefined) {
    return failed(`expected ${expect.error.kind}, got ${JSON.stringify(actual.calls)}`);
  }
  if (expect.error === undefined && actual.refused !== undefined) {
    return failed(`refused: ${actual.refused}`);
  }
  return judge(expect.calls ?? [], actual.calls);
}

function play(input: Input): Outcome {
  const calls: WireCall[] = [];
  try {
    for (const call of operations[input.operation]?.(input) ?? []) calls.push(toWire(call));
    return { calls };
  } catch (error) {
    if (error instanceof Refusal) return { calls, refused: error.message };
    throw error;
  }
}

class Refusal extends Error {}

const operations: Record<string, (input: Input) => Iterable<PortCall>> = {
  bind: playBind,
  *unbind(input) {
    for (const port of input.ports.map(toPort)) {
      const change = unbindChange(port, { keepOwner: input.detach === false });
      yield { do: 'update', portId: port.id, change };
    }
  },
  move_prepare: ({ ports, instance_host, bind_host }) =>
    prepareMove(ports.map(toPort), instance_host ?? '', bind_host),
  move_cleanup: ({ ports, instance_host, bind_host }) =>
    cleanUpMove(ports.map(toPort), instance_host ?? '', bind_host),
  move_finish: playFinish,
  *live_migrate_bind(input) {
    const ports = input.ports.map(toPort);
    for (const port of ports) {
      const device = input.destination_devices?.[port.id];
      yield addBinding(port, input.bind_host, device && toDevice(device));
    }
    if (input.activate !== true) return;
    for (const { id } of ports) {
      yield { do: 'activate-binding', portId: id, host: input.bind_host };
    }
  },
};

function* playBind(input: Input): Iterable<PortCall> {
  for (const wire of input.ports) {
    const port = toPort(wire);
    const requestId = input.requested?.find(({ port_id }) => port_id === port.id)?.request_id;
    const wireDevice = input.devices?.find(({ request_id }) => request_id === requestId);
    if (requestId && wireDevice === undefined) throw new Refusal(`no device for ${requestId}`);
    const device = wireDevice === undefined ? null : moved(wireDevice, input);
    const allocation = allocationOf(wire, input);
    const change = bindChange({
      port,
      serverId,
      zone,
      host: input.bind_host,
      device,
      physicalNetwork: device?.physicalNetwork ?? null,
      ...(allocation !== undefined && { allocation }),
    });
    yield { do: 'update', portId: port.id, change };
    const network = { id: '', name: '', projectId: '', mtu: 0, segments: [], subnets: [] };
    const problem = bindingProblem(port, { host: input.bind_host, network });
    if (port.vifType === 'binding_failed' && problem) throw new Refusal(problem.message);
  }
}

function playFinish(input: Input): PortCall[] {
  const { migration } = input;
  const wires = new Map(input.ports.map((wire) => [wire.id, wire]));
  const outcome = finishMove({
    ports: input.ports.map(toPort),
    host: input.bind_host,
    zone,
    mayBeMissing: migration === undefined,
    isLive: migration?.type === 'live-migration',
    deviceOf: (port) => newDevice(port, input),
    allocationOf: ({ id }) => {
      const wire = wires.get(id);
      return wire && allocationOf(wire, input);
    },
  });
  if (!outcome.ok) throw new Refusal(outcome.reasons.map(({ message }) => message).join('; '));
  return outcome.calls;
}

function newDevice(port: Port, input: Input): MovedDevice | undefined {
  const { migration } = input;
  if (migration === undefined) {
    const request = input.pci_requests?.find(({ requester_id }) => requester_id === port.id);
    const device = input.devices?.find(({ request_id }) => request_id === request?.request_id);
    return request && device && moved(device, input);
  }
  const isBack = migration.status === 'reverted';
  const held = (devices: WireDevice[]) =>
    devices.map((wire): HeldFor & { wire: WireDevice } => ({
      address: parsePciAddress(wire.address),
      requestId: wire.request_id,
      wire,
    }));
  const before = held(isBack ? migration.new_devices : migration.old_devices);
  const after = held(isBack ? migration.old_devices : migration.new_devices);
  const found = replacementOf(port, before, after);
  return found && moved(found.wire, input);
}

/**
 * The device with the physical network of the entry that matches it; a device that none matches is
 * refused.
 */
function moved(wire: WireDevice, input: Input): MovedDevice {
  const device = toDevice(wire);
  const pfs = [wire, ...(input.devices ?? [])].flatMap(({ parent_addr }) => parent_addr ?? []);
  const functions: PciFunction[] = [
    device,
    ...[...new Set(pfs)].map((address) => ({
      ...device,
      address: parsePciAddress(address),
      deviceType: 'type-PF' as const,
      parentAddress: null,
    })),
  ];
  const texts = (input.device_spec ?? []).map((text) => ({ source: 'device_spec', text }));
  const match = compileDeviceSpecs(parseDeviceSpecs(texts, functions), functions)(device);
  if (match === undefined) throw new Refusal(`no entry admits ${device.address}`);
  return { ...device, physicalNetwork: match.tags['physical_network'] ?? null };
}

function toDevice(wire: WireDevice): PciFunction {
  const { sriov, vpd, network } = wire.capabilities ?? {};
  return {
    address: parsePciAddress(wire.address),
    vendorId: wire.vendor_id,
    productId: wire.product_id,
    deviceType: wire.dev_type,
    parentAddress: wire.parent_addr === undefined ? null : parsePciAddress(wire.parent_addr),
    numaNode: null,
    ifname: null,
    parentIfname: null,
    macAddress: wire.mac_address ?? null,
    capabilities: {
      ...(sriov !== undefined && {
        sriov: {
          ...(sriov.pf_mac_address !== undefined && { pfMacAddress: sriov.pf_mac_address }),
          ...(sriov.vf_num !== undefined && { vfNum: sriov.vf_num }),
        },
      }),
      ...(vpd?.card_serial_number !== undefined && {
        vpd: { cardSerialNumber: vpd.card_serial_number },
      }),
      ...(network !== undefined && { network }),
    },
  };
}

function toPort(wire: WirePort): Port {
  return {
    id: wire.id,
    name: '',
    networkId: wire.network_id,
    projectId: '',
    macAddress: wire.mac_address,
    adminStateUp: true,
    status: '',
    deviceId: '',
    deviceOwner: '',
    fixedIps: [],
    vnicType: wire['binding:vnic_type'],
    bindingHost: wire['binding:host_id'] ?? '',
    profile: wire['binding:profile'] ?? {},
    vifType: wire['binding:vif_type'],
    vifDetails: {},
  };
}

function allocationOf(wire: WirePort, { provider_mapping }: Input): Allocation | undefined {
  if (wire.resource_request === undefined) return undefined;
  const groups = wire.resource_request.request_groups;
  if (groups === undefined) return provider_mapping?.[wire.id]?.[0];
  return Object.fromEntries(groups.map(({ id }) => [id, provider_mapping?.[id]?.[0] ?? '']));
}

function toWire(call: PortCall): WireCall {
  const path = `/ports/${call.portId}`;
  switch (call.do) {
    case 'update':
      return { method: 'PUT', path, body: { port: changeToWire(call.change) } };
    case 'add-binding': {
      const { host, vnicType, profile } = call;
      const body = { binding: { host, vnic_type: vnicType, profile } };
      return { method: 'POST', path: `${path}/bindings`, body };
    }
    case 'activate-binding':
      return { method: 'PUT', path: `${path}/bindings/${call.host}/activate` };
    case 'drop-binding':
      return { method: 'DELETE', path: `${path}/bindings/${call.host}` };
    default:
      return call satisfies never;
  }
}

const wireNames: Record<keyof PortChange, string> = {
  deviceId: 'device_id',
  deviceOwner: 'device_owner',
  bindingHost: 'binding:host_id',
  profile: 'binding:profile',
  macAddress: 'mac_address',
  dnsName: 'dns_name',
  securityGroupIds: 'security_groups',
  fixedIps: 'fixed_ips',
};

function changeToWire(change: PortChange): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(change).map(([key, value]) => [wireNames[key as keyof PortChange], value]),
  );
}
