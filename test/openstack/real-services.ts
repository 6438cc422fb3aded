/**
 * A Keystone and a Neutron that run already, as the contracts ask for them. The cloud is named by OS_AUTH_URL; its users admin (project admin),
 * nova (project service, roles admin and service) and demo (project demo, role member) have the password OS_PASSWORD.
 * OS_TEST_HOST has an SR-IOV agent for physnet1.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { IdentityUnderTest } from '#contracts/identity.contract.ts';
import type { NetworkUnderTest } from '#contracts/network.contract.ts';
import { connectOpenStack } from '#integrations/openstack/connect.ts';
import { signInBody } from '#test/embedded-cloud.ts';

const { OS_AUTH_URL: authUrl = '', OS_PASSWORD: password = '' } = process.env;
const host = process.env['OS_TEST_HOST'] ?? 'peer-compute-1';

/** Is there one? */
export const isThere = authUrl !== '';

const tokenCacheMs = 100;

function connect() {
  return connectOpenStack({
    authUrl,
    user: {
      username: 'nova',
      password,
      projectName: 'service',
      userDomainName: 'Default',
      projectDomainName: 'Default',
    },
    clock: { now: Date.now },
    tokenCacheMs,
  });
}

async function signIn(who: 'admin' | 'demo') {
  const reply = await fetch(`${authUrl}/auth/tokens`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(signInBody(who, password, who)),
  });
  // oxlint-disable-next-line typescript/no-explicit-any -- a catalog, looked into once
  const { token } = (await reply.json()) as any;
  const network = token.catalog.find((each: { type: string }) => each.type === 'network');
  return {
    token: reply.headers.get('x-subject-token') ?? '',
    networkUrl: String(network.endpoints[0].url).replace(/\/$/, ''),
  };
}

export async function realIdentity(): Promise<IdentityUnderTest> {
  const client = connect();
  return {
    identity: client.identity,
    signIn: async (who) => (await signIn(who)).token,
    async revoke(token) {
      const headers = { 'x-auth-token': token, 'x-subject-token': token };
      await fetch(`${authUrl}/auth/tokens`, { method: 'DELETE', headers });
      // Keystone's revocations count whole seconds.
      await pause(1_100);
    },
    outliveCaches: () => pause(tokenCacheMs + 10),
    stop: async () => client.close(),
  };
}

export async function realNetwork(): Promise<NetworkUnderTest> {
  const client = connect();
  const [admin, demo] = [await signIn('admin'), await signIn('demo')];
  const made: string[] = [];
  const send = (method: string, path: string, token: string, body?: unknown) =>
    fetch(`${admin.networkUrl}/v2.0/${path}`, {
      method,
      headers: { 'x-auth-token': token, 'content-type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
  const make = async (kind: string, body: object, { token } = admin): Promise<string> => {
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
    member: await client.identity.validate(demo.token),
    networkId,
    physicalNetwork: 'physnet1',
    vlan,
    host,
    hostElsewhere: 'no-agent-here',
    makePort: (vnicType) =>
      make('port', { network_id: networkId, 'binding:vnic_type': vnicType }, demo),
    makeForeignPort: () => make('port', { network_id: networkId }),
    makeOwnNetwork: (name) => make('network', { name }, demo),
    async stop() {
      for (const path of made.toReversed()) await send('DELETE', path, admin.token);
      client.close();
    },
  };
}
