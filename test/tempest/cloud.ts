/**
 * What Tempest needs of a cloud: real Keystone, Neutron with agents, and Glance, a Novella process
 * with simulated hosts in the catalog, flavors, images, and a network of floating IPs.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { microversion } from '#client/servers.ts';
import { request } from '#client/session/request.ts';
import { openSession, type Session } from '#client/session/session.ts';
import { mustRun } from '#test/debian/must-run.ts';
import { type NovellaProcess, startConfigured } from '#test/processes/novella-process.ts';
import { uploadImage } from '#test/images/upload-image.ts';
import { type OpenStack, startOpenStack } from '../openstack/environment/openstack.ts';

export interface Ground {
  openstack: OpenStack;
  novella: NovellaProcess;
  admin: Session;
  hosts: string[];
  flavors: [string, string];
  images: [string, string];
  publicNetwork: string;
  stop(): Promise<void>;
}

const hosts = ['host-1', 'host-2'];

/** PF → physical network. */
const cards = { enp1s0: 'physnet1', enp2s0: 'physnet2' };

const flavors = [
  { id: '42', name: 'm1.nano', ram: 192, vcpus: 1, disk: 1 },
  { id: '84', name: 'm1.micro', ram: 256, vcpus: 1, disk: 1 },
];

/** For documentation (RFC 5737); in the namespace of a run all of it leads to the loopback. */
const publicRange = '198.51.100.0/24';

/** Starts everything on free ports of the loopback. `folder`: for Novella's files. */
export async function startGround(folder: string): Promise<Ground> {
  const openstack = await startOpenStack({ agents: true });
  let novella: NovellaProcess | undefined;
  const stop = async () => {
    await novella?.stop();
    await openstack.stop();
  };
  try {
    const mappings = Object.fromEntries(
      Object.entries(cards).map(([pf, physnet]) => [physnet, [pf]]),
    );
    await Promise.all(hosts.map((host) => openstack.wiringAgent(host, mappings)));
    novella = await startNovella(openstack, folder);
    await openstack.register('compute', novella.urls.compute);
    const admin = await openSession(readCloud(openstack.cloudsYaml, 'admin'));
    for (const flavor of flavors) {
      const path = '/flavors';
      await request(admin, {
        service: 'compute',
        method: 'POST',
        path,
        body: { flavor },
        microversion,
      });
    }
    return {
      ...{ openstack, novella, admin, hosts, stop },
      flavors: ['42', '84'],
      images: [await image(admin, 'one'), await image(admin, 'other')],
      publicNetwork: await makePublicNetwork(admin),
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNovella(openstack: OpenStack, folder: string): Promise<NovellaProcess> {
  const { user, password, project } = openstack.people.service;
  const config = {
    ports: { compute: 0 },
    openstack: {
      auth_url: openstack.urls.keystone,
      username: user,
      password,
      project_name: project,
    },
    simulated: {
      hosts: hosts.map((name) => ({
        ...{ name, vcpus: 64, memory_mib: 262_144, disk_gib: 4_096 },
        device_spec: Object.entries(cards).map(([devname, physnet]) => ({
          devname,
          physical_network: physnet,
        })),
      })),
    },
  };
  const file = join(folder, 'novella.yaml');
  writeFileSync(file, JSON.stringify(config));
  const log = ['sh', '-c', 'exec "$@" 2>"$0"', join(folder, 'novella.log')];
  const within = ['setpriv', '--pdeathsig', 'KILL', ...log];
  return startConfigured(join(folder, 'state'), ['--config', file], within);
}

function image(admin: Session, name: string): Promise<string> {
  const form = { disk_format: 'raw', container_format: 'bare', visibility: 'public' };
  return uploadImage(admin, { name, ...form }, new Uint8Array(65_536));
}

async function makePublicNetwork(admin: Session): Promise<string> {
  const make = (path: string, body: object) =>
    request<Record<string, { id: string }>>(admin, {
      ...{ service: 'network', method: 'POST', path: `/v2.0/${path}`, body },
    });
  const made = await make('networks', {
    network: {
      name: 'public',
      'router:external': true,
      'provider:network_type': 'flat',
      'provider:physical_network': 'public',
    },
  });
  const { id } = made['network'] ?? { id: '' };
  const subnet = { network_id: id, ip_version: 4, cidr: publicRange, enable_dhcp: false };
  await make('subnets', { subnet });
  await mustRun('ip', ['route', 'add', 'local', publicRange, 'dev', 'lo']);
  return id;
}
