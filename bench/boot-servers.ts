/**
 * Boots servers with a direct port each over the public API, as fast as it answers, and deletes
 * them.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { microversion } from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { isComputeError } from '#core/errors.ts';
import { atOnce, type Timed } from './at-once.ts';

/** What every boot shares. */
export interface BootGround {
  session: Session;
  networkId: string;
  flavorId: string;
  imageId: string;
}

interface FlavorView {
  id: string;
  vcpus: number;
  ram: number;
}

/**
 * Between two looks at a server, times the servers in flight: short enough not to show, and the
 * looks are no load of their own.
 */
const pollMs = 2;
const patienceMs = 60_000;

/** Makes a network for the ports and picks the smallest flavor and the first image. */
export async function prepareGround(session: Session): Promise<BootGround> {
  const { flavors } = await request<{ flavors: FlavorView[] }>(session, {
    service: 'compute',
    path: '/flavors/detail',
    microversion,
  });
  const { images } = await request<{ images: { id: string }[] }>(session, {
    service: 'image',
    path: '/v2/images',
  });
  const [smallest] = flavors.sort((one, other) => one.vcpus - other.vcpus || one.ram - other.ram);
  const [image] = images;
  if (smallest === undefined || image === undefined) throw new Error('no flavor or no image');
  const networkId = await createNetwork(session);
  return { session, networkId, flavorId: smallest.id, imageId: image.id };
}

async function createNetwork(session: Session): Promise<string> {
  const { network } = await request<{ network: { id: string } }>(session, {
    service: 'network',
    method: 'POST',
    path: '/v2.0/networks',
    body: {
      network: {
        name: 'bench',
        'provider:network_type': 'vlan',
        'provider:physical_network': 'physnet1',
        'provider:segmentation_id': 100,
      },
    },
  });
  const subnet = { network_id: network.id, ip_version: 4, cidr: '10.100.0.0/16' };
  await request(session, {
    service: 'network',
    method: 'POST',
    path: '/v2.0/subnets',
    body: { subnet },
  });
  return network.id;
}

/** Creates direct ports, one after the other, and gives their ids. */
export async function createPorts(ground: BootGround, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) {
    const { port } = await request<{ port: { id: string } }>(ground.session, {
      service: 'network',
      method: 'POST',
      path: '/v2.0/ports',
      body: { port: { network_id: ground.networkId, 'binding:vnic_type': 'direct' } },
    });
    ids.push(port.id);
  }
  return ids;
}

/** Boots a server per port, so many in flight at once, each until ACTIVE. Gives their ids. */
export function bootServers(
  ground: BootGround,
  ports: readonly string[],
  inFlight: number,
): Promise<Timed<string>> {
  return atOnce(ports, inFlight, (port) => bootServer(ground, port, pollMs * inFlight));
}

/** Deletes servers, so many in flight at once, each until it is gone. */
export function deleteServers(
  ground: BootGround,
  servers: readonly string[],
  inFlight: number,
): Promise<Timed<void>> {
  return atOnce(servers, inFlight, (server) => deleteServer(ground, server, pollMs * inFlight));
}

async function bootServer(ground: BootGround, port: string, pauseMs: number): Promise<string> {
  const { session } = ground;
  const wanted = {
    name: 'bench',
    flavorRef: ground.flavorId,
    imageRef: ground.imageId,
    networks: [{ port }],
  };
  const { server } = await request<{ server: { id: string } }>(session, {
    service: 'compute',
    method: 'POST',
    path: '/servers',
    body: { server: wanted },
    microversion,
  });
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const { server: seen } = await request<{
      server: { status: string; fault?: { message: string } };
    }>(session, { service: 'compute', path: `/servers/${server.id}`, microversion });
    if (seen.status === 'ACTIVE') return server.id;
    if (seen.status === 'ERROR') throw new Error(`server ${server.id}: ${seen.fault?.message}`);
    await pause(pauseMs);
  }
  throw new Error(`server ${server.id}: not ACTIVE after ${patienceMs} ms`);
}

async function deleteServer(ground: BootGround, id: string, pauseMs: number): Promise<void> {
  const asked = { service: 'compute', path: `/servers/${id}`, microversion } as const;
  await request(ground.session, { ...asked, method: 'DELETE' });
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    try {
      await request(ground.session, asked);
    } catch (error) {
      if (isComputeError(error, 'notFound')) return;
      throw error;
    }
    await pause(pauseMs);
  }
  throw new Error(`server ${id}: not gone after ${patienceMs} ms`);
}
