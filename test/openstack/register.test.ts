/**
 * `novella keystone register` on a real Keystone: the service user, its roles and the catalog; a
 * second run changes nothing; entries of others stay.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CommandOutcome, run } from '#test/processes/command.ts';
import { KeystoneApi, tokenOf } from './environment/keystone-api.ts';
import { type OpenStack, startOpenStack } from './environment/openstack.ts';

const url = 'http://controller:8774/v2.1';
let openstack: OpenStack;

beforeAll(async () => {
  openstack = await startOpenStack();
});

afterAll(async () => {
  await openstack?.stop();
});

/** As the administrator. */
function register(...args: string[]): Promise<CommandOutcome> {
  const env = { OS_CLIENT_CONFIG_FILE: openstack.cloudsYaml, OS_CLOUD: 'admin' };
  return run(process.execPath, ['bin/novella.mjs', 'keystone', 'register', ...args], env);
}

async function messages(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await register(...args);
  expect([code, stderr]).toEqual([0, '']);
  return stdout;
}

function passwordFile(name: string, password: string): string {
  const path = join(openstack.folder, name);
  writeFileSync(path, `${password}\n`);
  return path;
}

const signIn = (user: string, password: string, project = 'service') =>
  tokenOf(openstack.urls.keystone, { user, password, project, roles: [] });

test('a dry run prints every change and makes none; the run makes them; a second run changes nothing', async () => {
  const args = ['--user', 'nova', '--url', url];
  const plan = await messages(...args, '--dry-run');
  expect(plan.split('\n')).toEqual([
    'keep    project   service',
    'keep    role      service',
    'add     user      nova',
    'add     grant     admin on service',
    'add     grant     service on service',
    'add     service   compute',
    `add     public    ${url}`,
    `add     internal  ${url}`,
    `add     admin     ${url}`,
    'Nothing was changed.',
    '',
  ]);
  const keystone = await KeystoneApi.open(openstack.urls.keystone, openstack.people.admin);
  const users = async () => (await keystone.list('users')).map(({ name }) => name);
  expect(await users()).not.toContain('nova');

  const done = await messages(...args);
  const password = /^The password of nova is (\S{24})$/m.exec(done)?.[1] ?? '';
  expect(await users()).toContain('nova');
  const token = await signIn('nova', password);
  const shown = await fetch(`${openstack.urls.keystone}/auth/tokens`, {
    headers: { 'x-auth-token': token, 'x-subject-token': token },
  });
  const { roles } = ((await shown.json()) as { token: { roles: { name: string }[] } }).token;
  expect(roles.map(({ name }) => name)).toEqual(expect.arrayContaining(['admin', 'service']));

  const again = await messages(...args);
  expect(again).toContain('Everything was registered already.');
  expect(again).not.toContain('password');
});

test('missing project, user and grants are created with the password of a file, in a project of another name', async () => {
  const file = passwordFile('new', 'from a file');
  const args = ['--user', 'compute', '--project', 'services', '--password-file', file];
  expect(await messages(...args)).toContain('add     project   services');
  await signIn('compute', 'from a file', 'services');
  expect(JSON.parse(await messages(...args, '--json'))).toMatchObject({
    service: null,
    endpoints: null,
    user: { name: 'compute', password: null },
    dry_run: false,
  });
  expect(await messages(...args)).toContain('Everything was registered already.');
});

test('an existing user keeps another password, unless it is to be replaced', async () => {
  const file = passwordFile('other', 'another');
  const { user, password } = openstack.people.service;
  const args = ['--user', user, '--password-file', file];
  const refused = await register(...args);
  expect([refused.code, refused.stderr]).toEqual([
    1,
    expect.stringContaining('user service has a different password than the one in the file'),
  ]);
  await signIn(user, password);
  expect(await messages(...args, '--replace')).toContain('change  password  service');
  await signIn(user, 'another');
  expect(await messages(...args)).toContain('Everything was registered already.');
});

test.each([
  { args: [], message: 'nothing to register: name --url, --user or both' },
  { args: ['--user', 'x', '--domain', 'no'], message: '--domain no: Keystone has no such domain' },
  {
    args: ['--user', 'x', '--password-file', '/no'],
    message: '--password-file /no: cannot be read',
  },
])('$message', async ({ args, message }) => {
  const { code, stderr } = await register(...args);
  expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
});
