/**
 * The journey of a new user, step by step: networks, ports, a server with two VFs, and away with it
 * again.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { explainServer, listDevices, listHosts, listPools } from '#client/operator-api.ts';
import { microversion } from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import { type Inventory, known, type PortView, type ServerView, type Step } from './story.ts';

/** The VLAN of network red: its segment in Neutron, its tag on the VFs. */
export const redSegment = 42;
/** The physical network that both demo networks are on. */
export const physicalNetwork = 'physnet1';

const pollMs = 50;
const patienceMs = 60_000;

/** From an empty cloud to an ACTIVE server, and what can be read of it. */
export const bootSteps: readonly Step[] = [
  {
    title: 'Look at what the hosts offer',
    async run(session, story) {
      story.before = await readInventory(session);
      const vfs = story.before.devices.filter(
        (device) => device.dev_type === 'type-VF' && device.status === 'available',
      );
      const hosts = new Set(vfs.map((device) => device.host));
      return `${vfs.length} VFs are free on ${hosts.size} hosts`;
    },
  },
  {
    title: `Create network red (VLAN ${redSegment} on ${physicalNetwork}, 10.42.0.0/24)`,
    async run(session, story) {
      story.redNetworkId = await createNetwork(session, 'red', redSegment, '10.42.0.0/24');
      return story.redNetworkId;
    },
  },
  {
    title: 'Create network blue for the plain NIC (VLAN 43)',
    async run(session, story) {
      story.blueNetworkId = await createNetwork(session, 'blue', 43, '10.43.0.0/24');
      return story.blueNetworkId;
    },
  },
  {
    title: 'Create ports on red',
    async run(session, story) {
      const networkId = known(story, 'redNetworkId');
      story.ports = [
        await createPort(session, networkId, 'direct'),
        await createPort(session, networkId, 'macvtap'),
      ];
      return story.ports.map((port) => port['binding:vnic_type']).join(' and ');
    },
  },
  {
    title: 'Boot web with both ports and a NIC on blue',
    async run(session, story) {
      story.server = await createServer(session, [
        ...known(story, 'ports').map((port) => ({ port: port.id })),
        { uuid: known(story, 'blueNetworkId') },
      ]);
      return `${story.server.id} accepted`;
    },
  },
  {
    title: 'Wait until it is ACTIVE',
    async run(session, story) {
      story.server = await untilActive(session, known(story, 'server').id);
      return `running on ${story.server['OS-EXT-SRV-ATTR:host'] ?? 'no host'}`;
    },
  },
  {
    title: 'Read back what came of it',
    async run(session, story) {
      story.ports = await readPorts(session, known(story, 'ports'));
      story.explanation = await explainServer(session, known(story, 'server').id);
      story.after = await readInventory(session);
      return `devices ${story.explanation.devices.map((device) => device.address).join(' and ')}`;
    },
  },
];

/** Away with the server again, to see that nothing stays behind. */
export const deleteSteps: readonly Step[] = [
  {
    title: 'Delete the server',
    async run(session, story) {
      const { id } = known(story, 'server');
      await request(session, { service: 'compute', method: 'DELETE', path: `/servers/${id}` });
      await poll('server web to be gone', async () => {
        const server = await showServer(session, id).catch((error: unknown) => {
          if (isComputeError(error, 'notFound')) return undefined;
          throw error;
        });
        return server === undefined ? true : undefined;
      });
      return 'gone';
    },
  },
  {
    title: 'Look at ports and pools again',
    async run(session, story) {
      story.end = await readInventory(session);
      story.portsAtEnd = await readPorts(session, known(story, 'ports'));
      return 'read';
    },
  },
];

async function readInventory(session: Session): Promise<Inventory> {
  const { pools } = await listPools(session);
  return { hosts: await listHosts(session), devices: await listDevices(session), pools };
}

async function createNetwork(
  session: Session,
  name: string,
  segment: number,
  cidr: string,
): Promise<string> {
  const { network } = await request<{ network: { id: string } }>(session, {
    service: 'network',
    method: 'POST',
    path: '/v2.0/networks',
    body: {
      network: {
        name,
        'provider:network_type': 'vlan',
        'provider:physical_network': physicalNetwork,
        'provider:segmentation_id': segment,
      },
    },
  });
  await request(session, {
    service: 'network',
    method: 'POST',
    path: '/v2.0/subnets',
    body: { subnet: { network_id: network.id, name: `${name}-v4`, ip_version: 4, cidr } },
  });
  return network.id;
}

async function createPort(
  session: Session,
  networkId: string,
  vnicType: string,
): Promise<PortView> {
  const { port } = await request<{ port: PortView }>(session, {
    service: 'network',
    method: 'POST',
    path: '/v2.0/ports',
    body: {
      port: { network_id: networkId, name: `red-${vnicType}`, 'binding:vnic_type': vnicType },
    },
  });
  return port;
}

async function readPorts(session: Session, ports: readonly PortView[]): Promise<PortView[]> {
  const read = (id: string) =>
    request<{ port: PortView }>(session, { service: 'network', path: `/v2.0/ports/${id}` });
  return Promise.all(ports.map(async ({ id }) => (await read(id)).port));
}

async function createServer(session: Session, networks: unknown[]): Promise<ServerView> {
  const { flavors } = await request<{ flavors: { id: string }[] }>(session, {
    service: 'compute',
    path: '/flavors',
    microversion,
  });
  const { images } = await request<{ images: { id: string }[] }>(session, {
    service: 'image',
    path: '/v2/images',
  });
  const [flavor, image] = [flavors[0], images[0]];
  if (flavor === undefined || image === undefined) {
    throw new ComputeError('notFound', 'demo: the fresh cloud has no flavor or no image');
  }
  const { server } = await request<{ server: ServerView }>(session, {
    service: 'compute',
    method: 'POST',
    path: '/servers',
    body: { server: { name: 'web', flavorRef: flavor.id, imageRef: image.id, networks } },
    microversion,
  });
  return server;
}

async function showServer(session: Session, id: string): Promise<ServerView> {
  const path = `/servers/${id}`;
  const sent = { service: 'compute', path, microversion } as const;
  return (await request<{ server: ServerView }>(session, sent)).server;
}

async function untilActive(session: Session, id: string): Promise<ServerView> {
  return poll('server web to be ACTIVE', async () => {
    const server = await showServer(session, id);
    if (server.status === 'ERROR') {
      const why = server.fault?.message ?? 'without a fault';
      throw new ComputeError('conflict', `server web went to ERROR: ${why}`);
    }
    return server.status === 'ACTIVE' ? server : undefined;
  });
}

/** Asks again and again until there is an answer. Throws `unavailable` when patience ends. */
async function poll<T>(what: string, ask: () => Promise<T | undefined>): Promise<T> {
  const deadline = performance.now() + patienceMs;
  while (performance.now() < deadline) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    await pause(pollMs);
  }
  throw new ComputeError('unavailable', `demo: waited ${patienceMs / 1000} s for ${what}`);
}
