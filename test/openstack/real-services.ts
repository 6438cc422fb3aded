/**
 * The environment's Keystone, Neutron and Glance, as the contracts need them, behind our own
 * clients.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { emptyQcow2 } from '#core/images/empty-qcow2.ts';
import type { IdentityUnderTest } from '#contracts/services/identity.contract.ts';
import type { ImagesUnderTest } from '#contracts/services/image-service.contract.ts';
import type { NetworkUnderTest } from '#contracts/services/network.contract.ts';
import { signInBody } from '#core/access/login.ts';
import { connectOpenStack } from '#integrations/openstack/connect.ts';
import { KeystoneApi, tokenOf } from './environment/keystone-api.ts';
import type { OpenStack } from './environment/openstack.ts';

const tokenCacheMs = 100;
const host = 'host-with-agent';
const secondHost = 'another-with-agent';

function connect({ urls, people }: OpenStack) {
  const { user, password, project } = people.service;
  return connectOpenStack({
    authUrl: urls.keystone,
    user: {
      username: user,
      password,
      projectName: project,
      userDomainName: 'Default',
      projectDomainName: 'Default',
    },
    clock: { now: Date.now },
    tokenCacheMs,
  });
}

export async function realIdentity(openstack: OpenStack): Promise<IdentityUnderTest> {
  const client = connect(openstack);
  return {
    identity: client.identity,
    signIn: (who) => openstack.token(who),
    login(who) {
      const { user, password, project } = openstack.people[who];
      return {
        username: user,
        password,
        projectName: project,
        userDomainName: 'Default',
        projectDomainName: 'Default',
      };
    },
    async revoke(token) {
      const headers = { 'x-auth-token': token, 'x-subject-token': token };
      await fetch(`${openstack.urls.keystone}/auth/tokens`, { method: 'DELETE', headers });
      // Keystone's revocations count whole seconds.
      await pause(1_100);
    },
    outliveCaches: () => pause(tokenCacheMs + 10),
    async signInBriefly() {
      const endsAt = Date.now() + 8_000;
      const token = await briefToken(openstack, endsAt);
      return { token, outlive: () => pause(endsAt - Date.now()) };
    },
    stop: async () => client.close(),
  };
}

/**
 * Keystone's tokens are valid for hours; one of an application credential ends with the credential.
 */
async function briefToken(openstack: OpenStack, endsAt: number): Promise<string> {
  const ends = ['--expiration', new Date(endsAt).toISOString().replace(/\.\d+Z$/, '')];
  const name = `brief-${endsAt}`;
  const made = await openstack.json('demo', 'application', 'credential', 'create', ...ends, name);
  const login = { applicationCredentialId: made.id, applicationCredentialSecret: made.secret };
  const reply = await fetch(`${openstack.urls.keystone}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(signInBody(login)),
  });
  if (reply.status !== 201) throw new Error(await reply.text());
  return reply.headers.get('x-subject-token') ?? '';
}

export async function realNetwork(openstack: OpenStack): Promise<NetworkUnderTest> {
  const client = connect(openstack);
  const [admin, demo] = [await openstack.token('admin'), await openstack.token('demo')];
  for (const each of [host, secondHost]) openstack.agent(each, { physnet1: ['ens1f0'] });
  const made: string[] = [];
  const send = (method: string, path: string, token: string, body?: unknown) =>
    fetch(`${openstack.urls.neutron}/v2.0/${path}`, {
      method,
      headers: { 'x-auth-token': token, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const make = async (kind: string, body: object, token = admin): Promise<string> => {
    const reply = await send('POST', `${kind}s`, token, { [kind]: body });
    if (reply.status !== 201) throw new Error(`${kind}: ${await reply.text()}`);
    const { id } = ((await reply.json()) as Record<string, { id: string }>)[kind] ?? { id: '' };
    made.push(`${kind}s/${id}`);
    return id;
  };
  const vlan = 190;
  const networkId = await make('network', {
    name: 'contract',
    shared: true,
    'provider:network_type': 'vlan',
    'provider:physical_network': 'physnet1',
    'provider:segmentation_id': vlan,
  });
  await make('subnet', { network_id: networkId, ip_version: 4, cidr: '10.90.0.0/24' });
  return {
    network: client.network,
    member: await client.identity.validate(demo),
    owner: await client.identity.validate(admin),
    networkId,
    physicalNetwork: 'physnet1',
    vlan,
    host,
    secondHost,
    hostElsewhere: 'host-without-agent',
    makePort: (vnicType) =>
      make('port', { network_id: networkId, 'binding:vnic_type': vnicType }, demo),
    makeForeignPort: () => make('port', { network_id: networkId }),
    makeOwnNetwork: (name) => make('network', { name }, demo),
    makeForeignNetwork: () => make('network', { name: 'foreign' }),
    async stop() {
      for (const path of made.toReversed()) await send('DELETE', path, admin);
      client.close();
    },
  };
}

export async function realImages(openstack: OpenStack): Promise<ImagesUnderTest> {
  const client = connect(openstack);
  const [admin, demo] = [await openstack.token('admin'), await openstack.token('demo')];
  const images = `${openstack.urls.glance}/v2/images`;
  const make = async (
    requested: object,
    { bytes, token = admin }: { bytes?: Buffer; token?: string } = {},
  ): Promise<string> => {
    const reply = await fetch(images, {
      method: 'POST',
      headers: { 'x-auth-token': token, 'content-type': 'application/json' },
      body: JSON.stringify({ disk_format: 'qcow2', container_format: 'bare', ...requested }),
    });
    if (reply.status !== 201) throw new Error(`image: ${await reply.text()}`);
    const { id } = (await reply.json()) as { id: string };
    if (bytes === undefined) return id;
    const sent = await fetch(`${images}/${id}/file`, {
      method: 'PUT',
      headers: { 'x-auth-token': token, 'content-type': 'application/octet-stream' },
      body: new Uint8Array(bytes),
    });
    if (sent.status !== 204) throw new Error(`upload: ${await sent.text()}`);
    return id;
  };
  // Glance compares the bytes with the declared format.
  const bytes = emptyQcow2(2 ** 30);
  const small = { name: 'small', visibility: 'public', min_disk: 2, min_ram: 64 };
  return {
    images: client.image,
    member: await client.identity.validate(demo),
    reader: await client.identity.validate(await readerToken(openstack)),
    whole: { id: await make({ ...small, hw_numa_nodes: '2' }, { bytes }), bytes },
    foreignId: await make({ name: 'private', visibility: 'private' }, { bytes }),
    queuedId: await make({ name: 'later', visibility: 'public' }),
    protectedId: await make({ name: 'kept', protected: true }, { token: demo }),
    stop: async () => client.close(),
  };
}

/** Of a new user who may only read in demo's project. */
async function readerToken({ urls, people }: OpenStack): Promise<string> {
  const keystone = await KeystoneApi.open(urls.keystone, people.admin);
  const reading = { ...people.demo, user: `reading-${Date.now()}` };
  const { user: name, password } = reading;
  const user = await keystone.create('users', { name, password, domain_id: 'default' });
  const named = async (what: string, wanted: string) =>
    (await keystone.list(what)).find((each) => each.name === wanted) ?? { id: '', name: wanted };
  await keystone.grant(await named('projects', 'demo'), user, await named('roles', 'reader'));
  return tokenOf(urls.keystone, reading);
}
