/**
 * docs/openstack.md, from its first command to its last, as an operator would type them, on real
 * services with a Nova's endpoint in the catalog.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureDebianPackages } from '#test/debian/debian-packages.ts';
import { freePorts } from '#test/processes/free-ports.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { shellBlocks } from '../docs/shell-blocks.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';

const file = 'docs/openstack.md';
const nova = 'http://nova.example:8774/v2.1';
const place = temporaryDirectory();
let openstack: OpenStack;

beforeAll(async () => {
  ensureDebianPackages(['curl', 'openssl', 'python3-openstackclient']);
  openstack = await startOpenStack({ agents: true });
  await openstack.wiringAgent('hv1', { physnet1: ['enp1s0'] });
  await openstack.register('compute', nova);
  writeFileSync(join(openstack.folder, 'cirros.raw'), Buffer.alloc(4_096));
  const form = ['--disk-format', 'raw', '--container-format', 'bare', '--file', 'cirros.raw'];
  await openstack.json('admin', 'image', 'create', '--public', ...form, 'cirros');
});

afterAll(async () => {
  await openstack?.stop();
  place.remove();
});

/** Names of the document that mean something else here. */
function here(text: string, { compute, hosts }: { compute: number; hosts: number }): string {
  return text
    .replaceAll(nova, 'NOVA')
    .replaceAll('http://controller:5000/v3', openstack.urls.keystone)
    .replaceAll('controller:8774', `127.0.0.1:${compute}`)
    .replaceAll('controller:8785', `127.0.0.1:${hosts}`)
    .replaceAll('compute: 8774, hosts: 8785', `compute: ${compute}, hosts: ${hosts}`)
    .replaceAll('listen: 0.0.0.0', 'listen: 127.0.0.1')
    .replaceAll('/etc/novella', join(place.path, 'etc'))
    .replaceAll('/var/lib/novella', join(place.path, 'lib'))
    .replaceAll('/tmp/', `${place.path}/`)
    .replaceAll('NOVA', nova);
}

/** Runs a script to its end; then ends what it has left in the background. */
async function play(script: string): Promise<{ code: number | null; printed: string }> {
  const output = join(place.path, 'said');
  const shell = spawn('bash', ['-euo', 'pipefail', '-c', `exec > ${output} 2>&1\n${script}`], {
    // A group of its own, by which all of it is found.
    detached: true,
    stdio: 'ignore',
    env: { ...process.env, OS_CLIENT_CONFIG_FILE: openstack.cloudsYaml },
  });
  try {
    const [code] = (await once(shell, 'exit')) as [number | null];
    return { code, printed: readFileSync(output, 'utf8') };
  } finally {
    await expect.poll(() => endGroup(-(shell.pid ?? 0)), { timeout: 30_000 }).toBe(false);
  }
}

/** Ends what is left of a process group. Returns whether there was a process in it. */
function endGroup(group: number): boolean {
  try {
    return process.kill(group, 'SIGTERM');
  } catch {
    return false;
  }
}

test('every command of the document works as described', async () => {
  const [compute = 0, hosts = 0] = await freePorts(2);
  const blocks = shellBlocks(file, readFileSync(file, 'utf8'));
  expect(blocks.filter(({ tags }) => !tags.includes('openstack'))).toEqual([]);
  const script = blocks.map(({ line, text }) => `echo "== ${file}:${line}"\n${text}`).join('\n');
  const { code, printed } = await play(here(script, { compute, hosts }));
  expect(code, `it said:\n${printed}`).toBe(0);
  expect(printed).toContain('  nothing is missing\n');
  expect(printed).toMatch(/\| fixed_ips[^\n]*\n\| status +\| ACTIVE/);
  expect(printed).toMatch(/binding_host_id +\| hv1/);
  expect(printed).toMatch(/binding_profile +\|.*pci_slot='0000:01:/);
  expect(printed.slice(printed.lastIndexOf('== '))).toContain(nova);
});
