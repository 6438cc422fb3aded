/**
 * Boots servers with a direct port each over the public API, as fast as it answers, and deletes
 * them.
 */
import { createNetwork, createPort } from '#client/networks.ts';
import {
  createServer,
  deleteServer as requestDelete,
  microversion,
  waitForServer,
  waitForServerGone,
} from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
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

/** The pause between two polls of a server, times the servers in flight: short enough not to show. */
const shortestPauseMs = 2;
const limitMs = 60_000;

/** Creates a network for the ports and picks the smallest flavor and the first image. */
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
  const subnet = { cidr: '10.100.0.0/16' };
  const network = { name: 'bench', physicalNetwork: 'physnet1', vlan: 100, subnet };
  const networkId = await createNetwork(session, network);
  return { session, networkId, flavorId: smallest.id, imageId: image.id };
}

/** Creates direct ports, one after the other, and returns their ids. */
export async function createPorts(ground: BootGround, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let made = 0; made < count; made += 1) {
    ids.push((await createPort(ground.session, ground.networkId, 'direct')).id);
  }
  return ids;
}

/**
 * Boots a server per port, with this many in flight at once, each until ACTIVE. Returns their ids.
 * With `pauseMs` a server is polled that rarely: then its polls cost little beside its boot.
 */
export function bootServers(
  ground: BootGround,
  ports: readonly string[],
  inFlight: number,
  pauseMs: number = shortestPauseMs * inFlight,
): Promise<Timed<string>> {
  return atOnce(ports, inFlight, (port) => bootServer(ground, port, pauseMs));
}

/** Deletes servers, with this many in flight at once, each until it is deleted. */
export function deleteServers(
  ground: Pick<BootGround, 'session'>,
  servers: readonly string[],
  inFlight: number,
  pauseMs: number = shortestPauseMs * inFlight,
): Promise<Timed<void>> {
  return atOnce(servers, inFlight, (server) => deleteServer(ground, server, pauseMs));
}

async function bootServer(ground: BootGround, port: string, pauseMs: number): Promise<string> {
  const { session, flavorId: flavorRef, imageId: imageRef } = ground;
  const id = await createServer(session, {
    ...{ name: 'bench', flavorRef, imageRef, networks: [{ port }] },
  });
  await waitForServer(session, id, { statuses: ['ACTIVE'], limits: { limitMs, pauseMs } });
  return id;
}

async function deleteServer(
  ground: Pick<BootGround, 'session'>,
  id: string,
  pauseMs: number,
): Promise<void> {
  await requestDelete(ground.session, id);
  await waitForServerGone(ground.session, id, { limitMs, pauseMs });
}
