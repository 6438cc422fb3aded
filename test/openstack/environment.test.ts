/**
 * Tests the environment itself: what the stock client and a service such as Nova get from real
 * Keystone, Neutron and Glance.
 */
import { execFileSync } from 'node:child_process';
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';

let openstack: OpenStack;
let network: { id: string };

beforeAll(async () => {
  openstack = await startOpenStack();
  console.log(JSON.stringify(openstack.timings));
  const vlan = ['--provider-network-type', 'vlan', '--provider-physical-network', 'physnet1'];
  const segment = [...vlan, '--provider-segment', '101'];
  network = await openstack.json('admin', 'network', 'create', '--share', ...segment, 'vlan101');
  const range = ['--network', network.id, '--subnet-range', '192.0.2.0/24'];
  await openstack.json('admin', 'subnet', 'create', ...range, 'vlan101');
});

afterAll(async () => {
  await openstack?.stop();
});

/** A port of alice's, as she would make it for a server. */
async function directPort(): Promise<{ id: string; binding_vif_type: string | null }> {
  const name = `port-${randomUUID()}`;
  const options = ['--network', network.id, '--vnic-type', 'direct'];
  return openstack.json('alice', 'port', 'create', ...options, name);
}

/** The request that Nova sends at boot. */
async function bind(
  portId: string,
  host: string,
  who: 'admin' | 'service' = 'service',
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever Neutron answers
): Promise<{ status: number; body: any }> {
  const response = await fetch(`${openstack.urls.neutron}/v2.0/ports/${portId}`, {
    method: 'PUT',
    headers: {
      'x-auth-token': await openstack.token(who),
      'content-type': 'application/json',
    },
    body: JSON.stringify({
      port: {
        device_id: randomUUID(),
        device_owner: 'compute:nova',
        'binding:host_id': host,
        'binding:profile': {
          pci_vendor_info: '8086:154c',
          pci_slot: '0000:81:02.1',
          physical_network: 'physnet1',
        },
      },
    }),
  });
  return { status: response.status, body: await response.json() };
}

test('a direct port binds to a host whose NIC switch agent is alive', async () => {
  openstack.agent('host-1', { physnet1: ['ens1f0'] });
  const port = await directPort();
  const { status, body } = await bind(port.id, 'host-1');
  expect(status).toBe(200);
  expect(body.port).toMatchObject({
    'binding:vif_type': 'hw_veb',
    'binding:vif_details': { vlan: '101' },
    fixed_ips: [{ ip_address: expect.stringMatching(/^192\.0\.2\./) }],
  });
});

test('on a host without agent, or without that physical network, the binding fails', async () => {
  openstack.agent('host-2', { physnet2: ['ens2f0'] });
  const port = await directPort();
  for (const host of ['host-without-agent', 'host-2']) {
    expect(await bind(port.id, host)).toMatchObject({
      status: 200,
      body: { port: { 'binding:host_id': host, 'binding:vif_type': 'binding_failed' } },
    });
  }
});

test('a binding profile needs the service role', async () => {
  const port = await directPort();
  expect((await bind(port.id, 'host-1', 'admin')).status).toBe(403);
});

test('many ports are bound concurrently', async () => {
  openstack.agent('host-1', { physnet1: ['ens1f0'] });
  const token = await openstack.token('alice');
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever Neutron answers
  const created: any[] = await Promise.all(
    Array.from({ length: 10 }, () =>
      fetch(`${openstack.urls.neutron}/v2.0/ports`, {
        method: 'POST',
        headers: { 'x-auth-token': token, 'content-type': 'application/json' },
        body: JSON.stringify({ port: { network_id: network.id, 'binding:vnic_type': 'direct' } }),
      }).then((response) => response.json()),
    ),
  );
  const bound = await Promise.all(created.map(({ port }) => bind(port.id, 'host-1')));
  expect(bound.map(({ body }) => body.port?.['binding:vif_type'])).toEqual(
    created.map(() => 'hw_veb'),
  );
});

test('an uploaded image is downloaded byte for byte', async () => {
  const bytes = randomBytes(3_000_000);
  writeFileSync(join(openstack.folder, 'image.raw'), bytes);
  const form = ['--disk-format', 'raw', '--container-format', 'bare', '--file', 'image.raw'];
  const image = await openstack.json('alice', 'image', 'create', ...form, 'small');
  await openstack.command('alice', 'image', 'save', '--file', 'saved.raw', image.id);
  expect(readFileSync(join(openstack.folder, 'saved.raw')).equals(bytes)).toBe(true);
  const shown = await openstack.json('alice', 'image', 'show', image.id);
  expect(shown).toMatchObject({ status: 'active', size: bytes.length });
  expect(shown.properties.os_hash_value).toBe(createHash('sha512').update(bytes).digest('hex'));
});

test('a killed Neutron refuses, and restarted it answers on the same port and knows its networks', async () => {
  await openstack.kill('neutron');
  await expect(fetch(openstack.urls.neutron)).rejects.toThrow('fetch failed');
  const began = performance.now();
  await openstack.start('neutron');
  console.log(JSON.stringify({ neutronRestartMs: performance.now() - began }));
  const shown = await openstack.json('alice', 'network', 'show', network.id);
  expect(shown.name).toBe('vlan101');
  expect(openstack.logs('neutron')).toContain('GET /v2.0/networks');
});

test('Keystone and Glance answer again after a kill and restart', async () => {
  for (const name of ['keystone', 'glance'] as const) {
    await openstack.kill(name);
    await openstack.start(name);
  }
  expect(await openstack.json('alice', 'image', 'list')).toHaveLength(1);
});

test('the catalog leads to a service of ours', async () => {
  await openstack.register('compute', 'http://127.0.0.1:1/v2.1');
  const entries = await openstack.json('alice', 'catalog', 'list');
  expect(entries.map(({ Type }: { Type: string }) => Type).sort()).toEqual([
    'compute',
    'identity',
    'image',
    'network',
  ]);
});

test('a stopped environment leaves no process, mount or file', async () => {
  const other = await startOpenStack();
  console.log(JSON.stringify(other.timings));
  await other.stop();
  expect(existsSync(other.folder)).toBe(false);
  expect(readFileSync('/proc/self/mounts', 'utf8')).not.toContain('novella-openstack');
  const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
  expect(processes).not.toContain(other.folder);
  for (const url of Object.values(other.urls))
    await expect(fetch(url)).rejects.toThrow('fetch failed');
});
