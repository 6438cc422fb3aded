/**
 * The journey of a new user, step by step: networks, ports, a server with two VFs, and its
 * deletion.
 */
import { createNetwork, createPort, type PortView, showPort } from '#client/networks.ts';
import { explainServer, listDevices, listHosts, listPools } from '#client/operator-api.ts';
import {
  createServer,
  deleteServer,
  microversion,
  type ServerView,
  showServer,
  waitForServer,
  waitForServerGone,
} from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import type { Session } from '#client/session/session.ts';
import { ComputeError } from '#core/errors.ts';
import { type Inventory, known, type Step } from './story.ts';

/** The VLAN of network red: its segment in Neutron, its tag on the VFs. */
export const redSegment = 42;
/** The physical network that both demo networks are on. */
export const physicalNetwork = 'physnet1';

/** From an empty cloud to an ACTIVE server, and its data in the APIs. */
export const bootSteps: readonly Step[] = [
  {
    title: 'Inspect what the hosts offer',
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
      story.redNetworkId = await makeNetwork(session, 'red', redSegment);
      return story.redNetworkId;
    },
  },
  {
    title: 'Create network blue for the plain NIC (VLAN 43)',
    async run(session, story) {
      story.blueNetworkId = await makeNetwork(session, 'blue', 43);
      return story.blueNetworkId;
    },
  },
  {
    title: 'Create ports on red',
    async run(session, story) {
      const networkId = known(story, 'redNetworkId');
      story.ports = [
        await createPort(session, networkId, 'direct', { name: 'red-direct' }),
        await createPort(session, networkId, 'macvtap', { name: 'red-macvtap' }),
      ];
      return story.ports.map((port) => port['binding:vnic_type']).join(' and ');
    },
  },
  {
    title: 'Boot web with both ports and a NIC on blue',
    async run(session, story) {
      story.server = await bootWeb(session, [
        ...known(story, 'ports').map((port) => ({ port: port.id })),
        { uuid: known(story, 'blueNetworkId') },
      ]);
      return `${story.server.id} accepted`;
    },
  },
  {
    title: 'Wait until it is ACTIVE',
    async run(session, story) {
      const { id } = known(story, 'server');
      story.server = await waitForServer(session, id, { statuses: ['ACTIVE'] });
      return `running on ${story.server['OS-EXT-SRV-ATTR:host'] ?? 'no host'}`;
    },
  },
  {
    title: 'Read the result',
    async run(session, story) {
      story.ports = await readPorts(session, known(story, 'ports'));
      story.explanation = await explainServer(session, known(story, 'server').id);
      story.after = await readInventory(session);
      return `devices ${story.explanation.devices.map((device) => device.address).join(' and ')}`;
    },
  },
];

/** Deletes the server again, to check that nothing is left behind. */
export const deleteSteps: readonly Step[] = [
  {
    title: 'Delete the server',
    async run(session, story) {
      const { id } = known(story, 'server');
      await deleteServer(session, id);
      await waitForServerGone(session, id);
      return 'gone';
    },
  },
  {
    title: 'Inspect ports and pools again',
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

/** Example: VLAN 42 has the subnet 10.42.0.0/24. */
function makeNetwork(session: Session, name: string, vlan: number): Promise<string> {
  const subnet = { name: `${name}-v4`, cidr: `10.${vlan}.0.0/24` };
  return createNetwork(session, { name, physicalNetwork, vlan, subnet });
}

function readPorts(session: Session, ports: readonly PortView[]): Promise<PortView[]> {
  return Promise.all(ports.map(({ id }) => showPort(session, id)));
}

async function bootWeb(session: Session, networks: unknown[]): Promise<ServerView> {
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
  const web = { name: 'web', flavorRef: flavor.id, imageRef: image.id, networks };
  return showServer(session, await createServer(session, web));
}
