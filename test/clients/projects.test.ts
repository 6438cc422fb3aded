/** Key pairs, quotas, limits and usage with the stock clients of Debian. */
import { generateKeyPairSync } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sshString } from '#runtime/keys/ssh-wire.ts';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { type StockClient, stockClient } from '#test/processes/stock-client.ts';

const state = temporaryDirectory();
let novella: NovellaProcess;
let admin: StockClient;
let demo: StockClient;

beforeAll(async () => {
  ensureDebianPackages(['python3-openstackclient', 'python3-novaclient']);
  novella = await startNovella(join(state.path, 'controller'));
  admin = stockClient(novella.cloudsYaml);
  demo = stockClient(novella.cloudsYaml, 'novella-demo');
});

afterAll(async () => {
  await novella?.stop();
  state.remove();
});

test('a key pair is imported, generated, listed, shown and deleted', async () => {
  const { x = '' } = generateKeyPairSync('ed25519').publicKey.export({ format: 'jwk' });
  const parts = [sshString('ssh-ed25519'), sshString(Buffer.from(x, 'base64url'))];
  const line = `ssh-ed25519 ${Buffer.concat(parts).toString('base64')} me`;
  const file = join(state.path, 'mine.pub');
  writeFileSync(file, line);
  expect(await demo.json('keypair', 'create', '--public-key', file, 'mine')).toMatchObject({
    name: 'mine',
    type: 'ssh',
  });
  const made = join(state.path, 'made');
  await demo.json('keypair', 'create', '--private-key', made, 'made');
  expect(readFileSync(made, 'utf8')).toContain('PRIVATE KEY');
  const listed = await demo.json('keypair', 'list');
  expect(listed.map((each: Record<string, string>) => [each['Name'], each['Type']])).toEqual([
    ['made', 'ssh'],
    ['mine', 'ssh'],
  ]);
  expect(await admin.json('keypair', 'list')).toEqual([]);
  const shown = await demo.json('keypair', 'show', 'mine');
  expect(shown).toMatchObject({ name: 'mine', fingerprint: expect.stringMatching(/^..:/) });
  expect((await demo.openstack('keypair', 'show', '--public-key', 'mine')).stdout).toContain(line);
  expect((await demo.openstack('keypair', 'delete', 'made')).code).toBe(0);
  const generated = await demo.openstack('keypair', 'show', 'made');
  expect([generated.code, generated.stderr]).toEqual([1, expect.stringContaining('made')]);
});

/** The newest version in which the service generates pairs. */
const generating = ['--os-compute-api-version', '2.91'];

test('novaclient has the service generate a pair', async () => {
  const { code, stdout } = await admin.nova(...generating, 'keypair-add', 'old');
  expect([code, stdout]).toEqual([0, expect.stringContaining('BEGIN RSA PRIVATE KEY')]);
  const x509 = await admin.nova(...generating, 'keypair-add', '--key-type', 'x509', 'windows');
  expect(x509.code).toBe(0);
  expect((await admin.nova('keypair-list')).stdout).toMatch(/old .*\n.* windows .* x509/);
});

const boot = (name: string, key: string) => [
  ...['--os-compute-api-version', '2.79', 'server', 'create', '--flavor', 'm1.small'],
  ...['--image', 'tiny', '--nic', 'none', '--key-name', key, '--wait', name],
];

test('a server is created with the key', async () => {
  const server = await demo.json(...boot('keyed', 'mine'));
  expect(server).toMatchObject({ status: 'ACTIVE', key_name: 'mine' });
  const unknown = await demo.openstack(...boot('second', 'other'));
  expect([unknown.code, unknown.stderr]).toEqual([1, expect.stringContaining('other')]);
});

/** Newer clients have an option for the quotas of the compute service alone, and print a list. */
async function computeQuota(client: StockClient): Promise<Record<string, unknown>> {
  const { code, stdout } = await client.openstack('quota', 'show', '--compute', '-f', 'json');
  if (code !== 0) return client.json('quota', 'show');
  const rows: Record<string, unknown>[] = JSON.parse(stdout);
  return Object.fromEntries(rows.map((row) => [String(row['Resource']), row['Limit']]));
}

test('an administrator sets quotas, and the user is held to them', async () => {
  const set = await admin.openstack('quota', 'set', '--instances', '1', '--cores', '9', 'demo');
  expect([set.code, set.stderr]).toEqual([0, '']);
  expect(await computeQuota(demo)).toMatchObject({ instances: 1, cores: 9, ram: 51_200 });
  const listed = await admin.json('quota', 'list', '--compute');
  expect(listed).toContainEqual(expect.objectContaining({ Instances: 1, Cores: 9 }));
  const refused = await demo.openstack(...boot('second', 'mine'));
  expect(refused.stderr).toContain('Quota exceeded for instances');
  const below = await admin.openstack('quota', 'set', '--instances', '0', 'demo');
  expect([below.code, below.stderr]).toEqual([1, expect.stringContaining('already used')]);
  const { id } = await admin.json('project', 'show', 'demo');
  const forced = await admin.nova('quota-update', '--force', '--instances', '0', id);
  expect(forced.code).toBe(0);
  expect(await computeQuota(demo)).toMatchObject({ instances: 0 });
});

test('novaclient sets the quotas of all projects, and ends those of one', async () => {
  const { id } = await admin.json('project', 'show', 'demo');
  const ended = await admin.nova('quota-delete', '--tenant', id);
  expect(ended.code).toBe(0);
  const set = await admin.nova('quota-class-update', 'default', '--instances', '12');
  expect(set.code).toBe(0);
  const shown = await admin.nova('quota-show', '--tenant', id);
  expect(shown.stdout).toMatch(/instances +\| 12 /);
});

test('limits and usage have the real figures', async () => {
  const limits = await demo.json('limits', 'show', '--absolute');
  const byName = Object.fromEntries(
    limits.map((each: Record<string, unknown>) => [each['Name'], each['Value']]),
  );
  expect(byName).toMatchObject({ totalInstancesUsed: 1, maxTotalInstances: 12 });
  // Newer clients print the servers as a number, older ones as a list of them.
  const usage = await demo.json('usage', 'show');
  expect([usage['Servers']].flat()).toHaveLength(1);
  const listed = await admin.json('usage', 'list');
  expect(listed).toHaveLength(1);
});
