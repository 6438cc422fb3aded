/**
 * As which user Novella signs in at a real Keystone, and what its start prints: a cloud of
 * clouds.yaml, the environment, an application credential.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';

const state = temporaryDirectory();
let openstack: OpenStack;

beforeAll(async () => {
  openstack = await startOpenStack();
  openstack.agent('hv1', { physnet1: ['enp1s0'] });
});

afterAll(async () => {
  await openstack?.stop();
  state.remove();
});

/**
 * The lines that the start prints, up to the hint that comes last. `variables` are all its OS_*
 * variables.
 */
async function greetingOf(
  section: object,
  variables: Record<string, string> = {},
): Promise<string[]> {
  const file = join(state.path, 'novella.yaml');
  writeFileSync(file, JSON.stringify({ openstack: section, simulated: { hosts: [] } }));
  const folder = join(state.path, 'home');
  mkdirSync(folder, { recursive: true });
  const options = ['--config', file, '--free-ports', '--state-dir', join(state.path, 'state')];
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...variables };
  const novella = spawn(process.execPath, ['bin/novella.mjs', 'up', ...options], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(novella, 'exit');
  const lines: string[] = [];
  for await (const line of createInterface({ input: novella.stdout })) {
    lines.push(line);
    if (line.startsWith('Ctrl-C')) break;
  }
  novella.kill('SIGTERM');
  await ended;
  return lines;
}

const found = () => [
  expect.stringContaining(`  found identity service at ${openstack.urls.keystone}; roles: `),
  `  found network service at ${openstack.urls.neutron}`,
  `  found image service at ${openstack.urls.glance}`,
];

test('a cloud of clouds.yaml is enough', async () => {
  const variables = { OS_CLIENT_CONFIG_FILE: openstack.cloudsYaml, OS_CLOUD: 'alice' };
  const lines = await greetingOf({ cloud: 'service' }, variables);
  expect(lines).toEqual(expect.arrayContaining([...found(), '  nothing is missing']));
});

test('the environment is enough when it is selected; a user without the roles reads which are missing', async () => {
  const { user, password, project } = openstack.people.alice;
  const lines = await greetingOf(
    { from: 'environment' },
    {
      OS_AUTH_URL: openstack.urls.keystone,
      OS_USERNAME: user,
      OS_PASSWORD: password,
      OS_PROJECT_NAME: project,
      OS_USER_DOMAIN_ID: 'default',
    },
  );
  expect(lines).toEqual(
    expect.arrayContaining([
      ...found(),
      expect.stringMatching(/^ {2}MISSING .*role `?admin`?/),
      expect.stringMatching(/^ {2}MISSING .*role `?service`?/),
    ]),
  );
});

test('an application credential is enough', async () => {
  const roles = ['--role', 'admin', '--role', 'service'];
  const made = await openstack.json(
    'service',
    'application',
    'credential',
    'create',
    ...roles,
    'a',
  );
  const lines = await greetingOf({
    auth_url: openstack.urls.keystone,
    application_credential_id: made.id,
    application_credential_secret: made.secret,
  });
  expect(lines).toEqual(expect.arrayContaining([...found(), '  nothing is missing']));
});
