/**
 * Real services behind TLS with a private certificate authority: trusted by `ca_file`, and
 * otherwise refused with a plain message.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CertificateOptions, makeAuthority } from '#test/tls/authority.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { type TlsFront, tlsFront } from '#test/tls/tls-front.ts';
import { besideOpenStack, cloudOf, sharedNetwork, uploadedImage } from './beside.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';

const authority = makeAuthority('cloud');
const files = temporaryDirectory();
const caFile = join(files.path, 'cloud.pem');
const otherFile = join(files.path, 'other.pem');
writeFileSync(caFile, authority.cert);
writeFileSync(otherFile, makeAuthority('other').cert);

let openstack: OpenStack;
let network: string;
let image: string;
const fronts: TlsFront[] = [];
let keystone: TlsFront;
let lapsed: TlsFront;
let misnamed: TlsFront;

async function front(url: string, options: CertificateOptions = {}): Promise<TlsFront> {
  const made = await tlsFront(url, authority.sign(options));
  fronts.push(made);
  return made;
}

/** A region of the catalog whose endpoints lead to these. */
async function region(name: string, neutron: TlsFront, glance: TlsFront): Promise<void> {
  const create = ['endpoint', 'create', '--region', name];
  await openstack.json('admin', ...create, 'network', 'internal', neutron.url);
  await openstack.json('admin', ...create, 'image', 'internal', glance.url);
}

beforeAll(async () => {
  openstack = await startOpenStack();
  const { urls } = openstack;
  const admin = await cloudOf(openstack, 'admin');
  network = await sharedNetwork(admin, 301);
  image = await uploadedImage(admin, { visibility: 'public' });
  keystone = await front(urls.keystone);
  lapsed = await front(urls.neutron, { days: -1 });
  misnamed = await front(urls.glance, { subject: 'DNS:images.test' });
  const [neutron, glance] = [await front(urls.neutron), await front(urls.glance)];
  await region('Secure', neutron, glance);
  await region('Lapsed', lapsed, glance);
  await region('Misnamed', neutron, misnamed);
});

afterAll(async () => {
  await openstack?.stop();
  for (const each of fronts) await each.stop();
  files.remove();
});

test('a server boots and is deleted with all services behind TLS, their endpoints from the catalog', async () => {
  const beside = await besideOpenStack(openstack, {
    auth_url: keystone.url,
    ca_file: caFile,
    region: 'Secure',
  });
  try {
    const alice = await beside.as('alice');
    const port = await alice.port(network, 'direct');
    const id = await alice.boot([{ port }]);
    await alice.settled(id, 'ACTIVE');
    const admin = await beside.as('admin');
    expect(await admin.showPort(port)).toMatchObject({
      device_id: id,
      'binding:host_id': 'host-1',
      'binding:vif_type': 'hw_veb',
    });
    await alice.ok('compute', 'DELETE', `/servers/${id}`);
    await alice.gone(id);
    expect(await admin.showPort(port)).toMatchObject({ 'binding:vif_type': 'unbound' });
  } finally {
    await beside.stop();
  }
});

test.each([
  {
    what: 'an authority that is not in ca_file',
    section: () => ({ ca_file: otherFile, region: 'Secure' }),
    expected: () =>
      `identity service at ${keystone.url} is not trusted: its certificate is signed by no authority of openstack.ca_file (${otherFile})`,
  },
  {
    what: 'an authority that is not configured',
    section: () => ({ region: 'Secure' }),
    expected: () =>
      `identity service at ${keystone.url} is not trusted: its certificate is signed by an unknown authority`,
  },
  {
    what: 'an expired certificate of Neutron',
    section: () => ({ ca_file: caFile, region: 'Lapsed' }),
    expected: () => `network service at ${lapsed.url} is not trusted: its certificate has expired`,
  },
  {
    what: 'a certificate of Glance for another host',
    section: () => ({ ca_file: caFile, region: 'Misnamed' }),
    expected: () =>
      `image service at ${misnamed.url} is not trusted: its certificate is for another host`,
  },
])('$what: 503 with a plain message', async ({ section, expected }) => {
  const beside = await besideOpenStack(openstack, { auth_url: keystone.url, ...section() });
  try {
    const alice = await beside.as('alice');
    const networks = [{ port: await alice.port(network, 'direct') }];
    const server = { name: 's', flavorRef: '1', imageRef: image, networks };
    const reply = await alice.send('compute', 'POST', '/servers', { body: { server } });
    expect([reply.status, reply.body.serviceUnavailable?.message]).toEqual([
      503,
      expect.stringContaining(expected()),
    ]);
  } finally {
    await beside.stop();
  }
});
