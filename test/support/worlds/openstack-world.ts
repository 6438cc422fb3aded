/**
 * The embedded services with what the contracts of identity, network and image need: called in this
 * process, or through HTTP.
 */
import { listen } from '#http/listen.ts';
import type { Caller } from '#contracts/services/identity.ts';
import type { IdentityUnderTest } from '#contracts/services/identity.contract.ts';
import type { ImagesUnderTest } from '#contracts/services/image-service.contract.ts';
import type { NetworkUnderTest } from '#contracts/services/network.contract.ts';
import { connectOpenStack, type OpenStackOptions } from '#integrations/openstack/connect.ts';
import { adminPassword, ask, demoPassword, startEmbeddedCloud } from './embedded-cloud.ts';

/** How the services of the contracts are reached. */
export type Way = 'in process' | 'over HTTP';

export const serviceUser = {
  username: 'admin',
  password: adminPassword,
  projectName: 'admin',
  userDomainName: 'Default',
  projectDomainName: 'Default',
};

/** Embedded services that listen, and a client of them. */
export async function startOpenStackWorld(options: Partial<OpenStackOptions> = {}) {
  const users = [{ name: 'reading', project: 'demo', role: 'reader' } as const];
  const cloud = await startEmbeddedCloud({ users });
  const urlOf = async (name: 'identity' | 'network' | 'image') =>
    `http://127.0.0.1:${await listen(cloud[name].app, name, '127.0.0.1', 0)}`;
  const urls = {
    identity: `${await urlOf('identity')}/v3`,
    network: await urlOf('network'),
    image: await urlOf('image'),
  };
  const client = connectOpenStack({
    authUrl: urls.identity,
    user: serviceUser,
    networkUrl: urls.network,
    imageUrl: urls.image,
    clock: { now: () => cloud.time.now },
    ...options,
  });
  const stop = async () => {
    client.close();
    await cloud.stop();
  };
  return { cloud, urls, client, stop };
}

async function servicesOf(way: Way) {
  const world = await startOpenStackWorld();
  const { identity, network, image } = world.cloud;
  return {
    ...world,
    services:
      way === 'over HTTP'
        ? world.client
        : { identity: identity.service, network: network.service, image: image.service },
  };
}

export async function identityUnderTest(way: Way): Promise<IdentityUnderTest> {
  const { cloud, services, stop } = await servicesOf(way);
  const passwords = { admin: adminPassword, demo: demoPassword };
  const pass = async (ms: number) => {
    cloud.time.now += ms;
  };
  return {
    identity: services.identity,
    signIn: (who) => cloud.signIn(who, passwords[who], who),
    login: (who) => ({
      username: who,
      password: passwords[who],
      projectName: who,
      userDomainName: 'Default',
      projectDomainName: 'Default',
    }),
    async revoke(token) {
      const headers = { 'x-subject-token': token };
      const answer = await ask(cloud.identity.app, 'DELETE /v3/auth/tokens', { token, headers });
      if (answer.status !== 204) throw new Error(`revoke: ${answer.status}`);
    },
    outliveCaches: () => pass(61_000),
    signInBriefly: async () => ({
      token: await cloud.signIn('demo', passwords.demo, 'demo'),
      outlive: () => pass(3_600_000),
    }),
    stop,
  };
}

export async function networkUnderTest(way: Way): Promise<NetworkUnderTest> {
  const { cloud, services, stop } = await servicesOf(way);
  const member: Caller = await cloud.identity.service.validate(cloud.demoToken);
  const make = async (kind: string, body: object, token = cloud.adminToken): Promise<string> => {
    const answer = await ask(cloud.network.app, `POST /v2.0/${kind}s`, {
      token,
      body: { [kind]: body },
    });
    if (answer.status !== 201) throw new Error(`${kind}: ${JSON.stringify(answer.body)}`);
    return answer.body[kind].id;
  };
  const networkId = await make('network', {
    name: 'red',
    shared: true,
    'provider:network_type': 'vlan',
    'provider:physical_network': 'physnet1',
    'provider:segmentation_id': 42,
  });
  await make('subnet', { network_id: networkId, ip_version: 4, cidr: '10.0.0.0/24' });
  return {
    network: services.network,
    member,
    owner: await cloud.identity.service.validate(cloud.adminToken),
    networkId,
    physicalNetwork: 'physnet1',
    vlan: 42,
    host: 'peer-compute-1',
    secondHost: 'peer-compute-2',
    hostElsewhere: 'host-2',
    makePort: (vnicType) =>
      make('port', { network_id: networkId, 'binding:vnic_type': vnicType }, cloud.demoToken),
    makeForeignPort: () => make('port', { network_id: networkId }),
    makeOwnNetwork: (name) => make('network', { name }, cloud.demoToken),
    makeForeignNetwork: () => make('network', { name: 'foreign' }),
    stop,
  };
}

export async function imagesUnderTest(way: Way): Promise<ImagesUnderTest> {
  const { cloud, services, stop } = await servicesOf(way);
  const make = async (
    body: object,
    { bytes, token = cloud.adminToken }: { bytes?: Buffer; token?: string } = {},
  ): Promise<string> => {
    const described = { disk_format: 'qcow2', container_format: 'bare', ...body };
    const made = await ask(cloud.image.app, 'POST /v2/images', { token, body: described });
    const { id } = made.body;
    if (bytes === undefined) return id;
    const headers = { 'content-type': 'application/octet-stream' };
    const put = `PUT /v2/images/${id}/file`;
    const sent = await ask(cloud.image.app, put, { token, body: bytes, headers });
    if (sent.status !== 204) throw new Error(`upload: ${JSON.stringify(sent.body)}`);
    return id;
  };
  const bytes = Buffer.alloc(300_000, 'novella');
  const small = { name: 'small', visibility: 'public', min_disk: 2, min_ram: 64 };
  return {
    images: services.image,
    member: await cloud.identity.service.validate(cloud.demoToken),
    reader: await cloud.identity.service.validate(
      await cloud.signIn('reading', demoPassword, 'demo'),
    ),
    whole: { id: await make({ ...small, hw_numa_nodes: '2' }, { bytes }), bytes },
    foreignId: await make({ name: 'private', visibility: 'private' }, { bytes }),
    queuedId: await make({ name: 'later', visibility: 'public' }),
    protectedId: await make({ name: 'kept', protected: true }, { token: cloud.demoToken }),
    stop,
  };
}
