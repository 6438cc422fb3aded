/**
 * What is visible of a scenario's cloud from outside, in the terms of its recordings, and how it
 * differs from them.
 */
import type { ScenarioState, SeenPort } from './case.ts';
import { recordedMac, type World } from './world.ts';
import { firstDifference } from '../topic.ts';

interface DeviceView {
  host: string;
  dev_type: string;
  status: string;
  address: string;
  instance_uuid: string | null;
}

interface ServerView {
  id: string;
  status: string;
  'OS-EXT-SRV-ATTR:host': string | null;
}

interface PortView {
  id: string;
  device_id: string;
  mac_address: string;
  'binding:host_id': string;
  'binding:profile': Record<string, unknown>;
}

/** Hosts, servers and ports now. */
export async function seenState(world: World): Promise<Required<ScenarioState>> {
  const [{ devices }, { servers }, { ports }, { hosts }] = await Promise.all([
    world.ask<{ devices: DeviceView[] }>({ service: 'operator', path: '/pci/devices' }),
    world.ask<{ servers: ServerView[] }>({ service: 'compute', path: '/servers/detail' }),
    world.ask<{ ports: PortView[] }>({ service: 'network', path: '/v2.0/ports' }),
    world.ask<{ hosts: { name: string }[] }>({ service: 'operator', path: '/hosts' }),
  ]);
  const there = devices.filter(({ status }) => status !== 'removed');
  const serverNames = new Map([...world.servers].map(([name, id]) => [id, name]));
  const named = servers.flatMap((server) => {
    const name = serverNames.get(server.id);
    return name === undefined ? [] : [[name, server] as const];
  });
  return {
    hosts: Object.fromEntries(
      hosts.map(({ name }) => [name, { devices: deviceCounts(there, name) }]),
    ),
    servers: Object.fromEntries(named.map(([name, server]) => [name, seenServer(server, there)])),
    ports: Object.fromEntries(
      [...world.ports].flatMap(([name, id]) => {
        const port = ports.find((each) => each.id === id);
        return port === undefined ? [] : [[name, seenPort(port, serverNames)]];
      }),
    ),
  };
}

function deviceCounts(devices: readonly DeviceView[], host: string) {
  const groups = Map.groupBy(
    devices.filter((device) => device.host === host),
    (device) => device.dev_type,
  );
  return Object.fromEntries(
    [...groups].map(([type, all]) => {
      const available = all.filter(({ status }) => status === 'available').length;
      return [type, { total: all.length, available }];
    }),
  );
}

function seenServer(server: ServerView, devices: readonly DeviceView[]) {
  const held = devices.filter(({ instance_uuid }) => instance_uuid === server.id);
  const groups = Map.groupBy(held, ({ dev_type }) => dev_type);
  return {
    status: server.status,
    host: server['OS-EXT-SRV-ATTR:host'],
    devices: Object.fromEntries([...groups].map(([type, all]) => [type, all.length])),
  };
}

/** Facts of the card that the recorded hosts did not show. */
const cardKeys = new Set(['pci_slot', 'pf_mac_address', 'vf_num', 'capabilities']);

function seenPort(port: PortView, serverNames: Map<string, string>): SeenPort {
  const all = port['binding:profile'];
  const isBound = port['binding:host_id'] !== '';
  const profile = Object.fromEntries(
    Object.entries(all)
      .filter(([key]) => !isBound || !cardKeys.has(key))
      .map(([key, value]) => [
        key,
        key === 'device_mac_address' ? recordedMac(String(value)) : value,
      ]),
  );
  return {
    host_id: isBound ? port['binding:host_id'] : null,
    server: port.device_id === '' ? null : (serverNames.get(port.device_id) ?? port.device_id),
    profile,
    ...('pci_slot' in all && { has_pci_slot: true }),
    mac_address: recordedMac(port.mac_address),
  };
}

/**
 * The first difference between the cloud and the recording, or undefined. Parts that the recording
 * omits, and its free choices, do not count.
 */
export function stateDifference(
  recorded: ScenarioState,
  seen: Required<ScenarioState>,
): string | undefined {
  for (const part of ['hosts', 'servers', 'ports'] as const) {
    const wanted = recorded[part];
    if (wanted === undefined) continue;
    const difference = firstDifference(comparable(wanted), narrowed(seen[part], wanted), part);
    if (difference !== undefined) return difference;
  }
  return undefined;
}

type Things = Record<string, object>;

function comparable(things: Things): Things {
  return Object.fromEntries(
    Object.entries(things).map(([name, thing]) => [
      name,
      Object.fromEntries(Object.entries(thing).filter(([key]) => !key.startsWith('reference_'))),
    ]),
  );
}

/** A MAC counts only where it was recorded. */
function narrowed(things: Things, wanted: Things): Things {
  return Object.fromEntries(
    Object.entries(things).map(([name, thing]) => {
      const { mac_address: mac, ...rest } = thing as { mac_address?: string };
      const isWanted = 'mac_address' in (wanted[name] ?? {});
      return [name, isWanted ? { ...rest, mac_address: mac } : rest];
    }),
  );
}

/**
 * What is wrong with the devices that ports name: each must be on the port's host, held by its
 * server, for its physical network, used once.
 */
export async function slotProblem(world: World): Promise<string | undefined> {
  const [{ devices }, { ports }] = await Promise.all([
    world.ask<{ devices: (DeviceView & { physical_network: string | null })[] }>({
      service: 'operator',
      path: '/pci/devices',
    }),
    world.ask<{ ports: PortView[] }>({ service: 'network', path: '/v2.0/ports' }),
  ]);
  const used = new Set<string>();
  for (const port of ports) {
    const { pci_slot: slot, physical_network: network = null } = port['binding:profile'];
    if (typeof slot !== 'string') continue;
    const host = port['binding:host_id'];
    const place = `${host} ${slot}`;
    if (used.has(place)) return `${place} is in two ports`;
    used.add(place);
    const device = devices.find((each) => each.host === host && each.address === slot);
    if (device === undefined) return `${place} is no device of its host`;
    if (device.instance_uuid !== port.device_id) return `${place} is not held by its port's server`;
    if (device.physical_network !== network) {
      return `${place} is on ${device.physical_network}, its port on ${JSON.stringify(network)}`;
    }
  }
  return undefined;
}
