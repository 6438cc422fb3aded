/** The stock client and images: created, changed, shared, deactivated, refused by a quota. */
import { randomBytes } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import {
  type NovellaProcess,
  startNovella,
  temporaryDirectory,
} from '#test/processes/novella-process.ts';
import { type StockClient, stockClient } from '#test/processes/stock-client.ts';

const state = temporaryDirectory();
const files = temporaryDirectory();
let novella: NovellaProcess;
let demo: StockClient;
let admin: StockClient;

beforeAll(async () => {
  ensureDebianPackages(['python3-openstackclient']);
  const config = join(files.path, 'novella.yaml');
  writeFileSync(config, 'quotas: { default: { image_size: 2 } }\n');
  novella = await startNovella(state.path, ['--config', config]);
  demo = stockClient(novella.cloudsYaml, 'novella-demo');
  admin = stockClient(novella.cloudsYaml);
});

afterAll(async () => {
  await novella?.stop();
  state.remove();
  files.remove();
});

const formats = ['--disk-format', 'raw', '--container-format', 'bare'];

function file(name: string, bytes: number): string {
  const path = join(files.path, name);
  writeFileSync(path, randomBytes(bytes));
  return path;
}

async function ok(client: StockClient, ...args: string[]): Promise<void> {
  const { code, stdout, stderr } = await client.openstack(...args);
  expect([args, code, stdout + stderr]).toEqual([args, 0, expect.any(String)]);
}

test('an image is created from a file, changed, tagged, and downloaded unchanged', async () => {
  const from = file('small.raw', 1_000_000);
  await ok(demo, 'image', 'create', ...formats, '--file', from, '--tag', 'a', 'small');
  const to = join(files.path, 'saved.raw');
  await ok(demo, 'image', 'save', '--file', to, 'small');
  expect(readFileSync(to).equals(readFileSync(from))).toBe(true);
  const change = ['--property', 'hw_disk_bus=virtio', '--min-disk', '1', '--tag', 'b'];
  await ok(demo, 'image', 'set', ...change, 'small');
  await ok(demo, 'image', 'unset', '--tag', 'a', '--property', 'hw_disk_bus', 'small');
  expect(await demo.json('image', 'show', 'small')).toMatchObject({
    status: 'active',
    size: 1_000_000,
    min_disk: 1,
    tags: ['b'],
    properties: expect.not.objectContaining({ hw_disk_bus: 'virtio' }),
  });
});

test('an image is shared with a project, which accepts it, and then unshared', async () => {
  const { project_id: project } = await admin.json('token', 'issue');
  await ok(demo, 'image', 'add', 'project', 'small', project);
  const [member] = await demo.json('image', 'member', 'list', 'small');
  expect(member).toMatchObject({ 'Member ID': project, Status: 'pending' });
  await ok(admin, 'image', 'set', '--accept', member['Image ID']);
  const [accepted] = await demo.json('image', 'member', 'list', 'small');
  expect(accepted.Status).toBe('accepted');
  await ok(demo, 'image', 'remove', 'project', 'small', project);
  expect(await demo.json('image', 'member', 'list', 'small')).toEqual([]);
});

test('an image is deactivated and reactivated', async () => {
  await ok(demo, 'image', 'set', '--deactivate', 'small');
  expect((await demo.json('image', 'show', 'small')).status).toBe('deactivated');
  await ok(demo, 'image', 'set', '--activate', 'small');
  expect((await demo.json('image', 'show', 'small')).status).toBe('active');
});

test('an image that is too large is refused with a message, before all of it is sent', async () => {
  const large = file('large.raw', 30_000_000);
  const made = await demo.openstack('image', 'create', ...formats, '--file', large, 'large');
  expect([made.code, made.stderr]).toEqual([
    1,
    expect.stringMatching(
      /413.*The incoming image is too large: Quota exceeded for image_size: image \S+ has 30000000 bytes or more, and one image may have 2 MiB/s,
    ),
  ]);
  const names = await demo.json('image', 'list');
  expect(names.map(({ Name }: { Name: string }) => Name).toSorted()).toEqual(['small', 'tiny']);
});
