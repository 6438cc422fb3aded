/** What scenarios of moves do with servers, and what must be exact afterwards. */
import { expect } from 'vitest';
import type { Config } from '#programs/config/config.ts';
import type { AllInOne } from '#programs/up/up.ts';
import type { Cloud, Reply } from '../worlds/cloud.ts';

const headers = { 'openstack-api-version': 'compute 2.79' };

const vfs = {
  text: '{"vendor_id": "15b3", "product_id": "1018", "physical_network": "physnet1"}',
  source: 'test',
};

/** Hosts named `host-1` and so on, each with four VFs of one card on physnet1. */
export const withHosts =
  (count: number) =>
  (config: Config): Config => {
    const hosts = Array.from({ length: count }, (_, at) => ({
      name: `host-${at + 1}`,
      deviceSpec: [vfs],
      // One MAC for each card: a port of an entire card takes it.
      devices: [
        {
          kind: 'PF' as const,
          bus: '3b',
          vfs: 4,
          mac: `02:00:00:00:3b:${(at + 1).toString(16).padStart(2, '0')}`,
        },
      ],
      bridgeMappings: ['physnet1'],
    }));
    return { ...config, simulated: { kind: 'described', hosts } };
  };

/** A server with a direct and a macvtap port, and its host. */
export async function serverWithVfs(cloud: Cloud) {
  const red = await cloud.network('red');
  const ports = [await cloud.port(red, 'direct'), await cloud.port(red, 'macvtap')];
  const id = await cloud.boot(ports.map((port) => ({ port })));
  const server = await cloud.settled(id, 'ACTIVE');
  const from: string = server['OS-EXT-SRV-ATTR:host'];
  return { id, ports, from };
}

/** Sends one action of a server. */
export function act(cloud: Cloud, id: string, body: object): Promise<Reply> {
  return cloud.send('compute', 'POST', `/servers/${id}/action`, { body, headers });
}

/** The same, accepted; the server once it has one of these statuses and no task. */
// oxlint-disable-next-line max-params -- who, what, how and where it ends
export async function move(cloud: Cloud, id: string, body: object, ...statuses: string[]) {
  const reply = await act(cloud, id, body);
  expect([200, 202, 204]).toContain(reply.status);
  return cloud.settled(id, ...statuses);
}

/** The id of a flavor. */
export async function flavorId(cloud: Cloud, name: string): Promise<string> {
  const { flavors } = await cloud.ok('compute', 'GET', '/flavors');
  return flavors.find((flavor: { name: string }) => flavor.name === name).id;
}

/** The moves of a server, newest first. */
/** All moves of the server, also shelving, which the compute API does not list. */
export async function allMovesOf(cloud: Cloud, id: string) {
  return (await cloud.ok('operator', 'GET', `/moves?server=${id}`)).moves;
}

export async function movesOf(cloud: Cloud, id: string) {
  const path = `/os-migrations?instance_uuid=${id}`;
  return (await cloud.send('compute', 'GET', path, { headers })).body.migrations;
}

export async function setService(cloud: Cloud, host: string, body: object): Promise<void> {
  const found = await cloud.send('compute', 'GET', `/os-services?host=${host}`, { headers });
  const path = `/os-services/${found.body.services[0].id}`;
  expect((await cloud.send('compute', 'PUT', path, { body, headers })).status).toBe(200);
}

/** All that a host has and has booked. Memory in MiB, disk in GiB. */
export interface HostUse {
  vcpus: number;
  memory: number;
  disk: number;
  /** Ids of the servers that hold its devices, one for each device. */
  holders: string[];
  /** Ids and states of its guests. */
  guests: string[];
}

export async function useOf(
  cloud: Cloud,
  { hosts }: Pick<AllInOne, 'hosts'>,
  host: string,
): Promise<HostUse> {
  const { body } = await cloud.send('compute', 'GET', '/os-hypervisors/detail', { headers });
  const row = body.hypervisors.find(
    ({ hypervisor_hostname: name }: { hypervisor_hostname: string }) => name === host,
  );
  const { devices } = await cloud.ok('operator', 'GET', `/pci/devices?host=${host}`);
  const guests = await hosts.onHost(host, ({ hypervisor }) => hypervisor.listGuests());
  return {
    vcpus: row.vcpus_used,
    memory: row.memory_mb_used,
    disk: row.local_gb_used,
    holders: devices.flatMap((each: { instance_uuid: string | null }) => each.instance_uuid ?? []),
    guests: guests.map(({ id, state }) => `${id} ${state}`),
  };
}

/** Of a host without servers. `memory` is what the host itself needs. */
export const unused = { vcpus: 0, holders: [], guests: [], disk: 0 };

/** Of the small flavor. */
export function usedBy(id: string, { vfs: count = 0, state = 'running' } = {}) {
  return {
    ...{ vcpus: 1, disk: 20 },
    holders: Array.from({ length: count }, () => id),
    guests: [`${id} ${state}`],
  };
}

/** The port's bindings as `host status`, and what the host made of the active one. */
export async function bindingOf(cloud: Cloud, port: string) {
  const shown = await cloud.showPort(port);
  const { bindings } = await cloud.ok('network', 'GET', `/ports/${port}/bindings`);
  return {
    all: bindings.map((each: { host: string; status: string }) => `${each.host} ${each.status}`),
    host: shown['binding:host_id'],
    slot: shown['binding:profile'].pci_slot,
    mac: shown.mac_address,
    vif: shown['binding:vif_type'],
    vlan: shown['binding:vif_details'].vlan,
  };
}
