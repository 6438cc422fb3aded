/**
 * The cloud of one recorded scenario: an all-in-one with the scenario's hosts, networks and ports,
 * used over its public API.
 */
import { createNetwork, createPort } from '#client/networks.ts';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { request, type ServiceRequest } from '#client/session/request.ts';
import { openSession, type Session } from '#client/session/session.ts';
import {
  type Config,
  type ConfigEntry,
  type DescribedHostConfig,
  freePorts,
  readConfig,
} from '#programs/config/config.ts';
import { type AllInOne, startAllInOne } from '#programs/up/up.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import type { DescribedDevice } from '#integrations/simulated/machine/described-devices.ts';
import type { ScenarioInput, ScenarioPort } from './case.ts';

export interface World {
  cloud: AllInOne;
  input: ScenarioInput;
  /** Ids by the scenario's names. */
  ports: Map<string, string>;
  servers: Map<string, string>;
  imageId: string;
  session: Session;
  ask<T>(call: ServiceRequest): Promise<T>;
  stop(): Promise<void>;
}

/** Starts the cloud and creates networks and ports; flavors come with the boots. */
export async function startWorld(input: ScenarioInput): Promise<World> {
  const state = temporaryDirectory();
  const cloud = await startAllInOne(configOf(input, state.path));
  const stop = async (): Promise<void> => {
    await cloud.stop();
    state.remove();
  };
  try {
    const session = await openSession(readCloud(cloud.cloudsYaml));
    const ask = <T>(call: ServiceRequest): Promise<T> => request<T>(session, call);
    const networks = await makeNetworks(session, input);
    const ports = await makePorts(session, input, networks);
    const { images } = await ask<{ images: { id: string }[] }>({
      service: 'image',
      path: '/v2/images',
    });
    const imageId = images[0]?.id ?? '';
    return { cloud, input, ports, servers: new Map(), imageId, session, ask, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function configOf(input: ScenarioInput, stateDir: string): Config {
  const physicalNetworks = (input.networks ?? []).flatMap((one) => one.physical_network ?? []);
  const hosts = input.hosts.map(
    (host, at): DescribedHostConfig => ({
      name: host.name,
      deviceSpec: configEntries(host.device_spec),
      devices: withMacs(host.devices, at),
      bridgeMappings: physicalNetworks,
      ...(host.later === true && { startsDown: true }),
      ...(host.cpu !== undefined && {
        cpu: {
          nodes: host.cpu.cpu_nodes ?? 1,
          sockets: host.cpu.cpu_sockets ?? 1,
          cores: host.cpu.cpu_cores ?? 1,
          threads: host.cpu.cpu_threads ?? 1,
        },
      }),
      ...(input.dedicated_cpus !== undefined && {
        dedicatedCpus: numbersOf(input.dedicated_cpus),
      }),
    }),
  );
  const aliases = configEntries(input.aliases ?? []);
  const simulated = { kind: 'described', hosts } as const;
  return { ...readConfig(), stateDir, ports: freePorts, aliases, simulated };
}

/** A list of objects as the entries of a configuration. */
export function configEntries(objects: readonly object[]): ConfigEntry[] {
  return objects.map((object) => ({ text: JSON.stringify(object), source: 'scenario' }));
}

/** Example: `0,4-6` → `[0, 4, 5, 6]`. */
function numbersOf(ranges: string): number[] {
  return ranges.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, at) => first + at);
  });
}

/**
 * The recorded cards have the same MACs on every host; a network service that is not made for tests
 * refuses two ports with one MAC, so the host's number goes into them. `recordedMac` takes it out
 * again.
 */
export function withMacs(devices: readonly DescribedDevice[], hostNumber: number) {
  const host = hostNumber.toString(16).padStart(2, '0');
  return devices.map((device): DescribedDevice => {
    const slot = (device.slot ?? '0').padStart(2, '0');
    return device.kind === 'PF'
      ? { mac: `02:00:00:${host}:${device.bus}:${slot}`, ...device }
      : device;
  });
}

/** The MAC as it was recorded. Example: `02:00:00:01:3b:00` → `02:00:00:00:3b:00`. */
export function recordedMac(mac: string): string {
  return mac.replace(/^02:00:00:..:/, '02:00:00:00:');
}

async function makeNetworks(
  session: Session,
  { networks = [] }: ScenarioInput,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const [at, network] of networks.entries()) {
    const { name, physical_network: physicalNetwork, vlan = null } = network;
    const subnet = { cidr: `10.0.${at}.0/24` };
    const id = await createNetwork(session, { name, physicalNetwork, vlan, subnet });
    ids.set(network.name, id);
  }
  return ids;
}

async function makePorts(
  session: Session,
  { ports = [] }: ScenarioInput,
  networks: Map<string, string>,
): Promise<Map<string, string>> {
  const ids = new Map<string, string>();
  for (const [at, port] of ports.entries()) {
    const networkId = networks.get(port.network) ?? '';
    const made = await createPort(session, networkId, port.vnic_type, settingsOf(port, at));
    ids.set(port.name, made.id);
  }
  return ids;
}

function settingsOf(port: ScenarioPort, at: number): object {
  return {
    name: port.name,
    mac_address: port.mac ?? `fa:16:3e:00:00:${(at + 1).toString(16).padStart(2, '0')}`,
    ...(port.profile !== undefined && { 'binding:profile': port.profile }),
    ...(port.numa_policy !== undefined && { numa_affinity_policy: port.numa_policy }),
  };
}
