/** The initial state of services: databases, keys, people and the catalog. Made once. */
import { copyFileSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { fileURLToPath } from 'node:url';
import { keyOf, madeOnce } from '#test/debian/cache.ts';
import type { Tree } from '#test/debian/debian-tree.ts';
import { freePorts } from '#test/processes/free-ports.ts';
import { home, type Place, runInside } from './inside.ts';
import { KeystoneApi } from './keystone-api.ts';
import { people, type Person } from './people.ts';
import { Service } from './service.ts';
import { keystoneEnv, serviceNames, serviceTypes, urlsOf, writeConfiguration } from './services.ts';
import { openstackCache } from './tree.ts';

const sources = ['first-state.ts', 'services.ts', 'people.ts', 'neutron-schema.py'].map((name) =>
  fileURLToPath(new URL(name, import.meta.url)),
);

/** Files to copy; ports in them mean nothing. From the cache, or made in half a minute. */
export function firstState(tree: Tree): Promise<string> {
  const key = keyOf(tree.key, ...sources.map((path) => readFileSync(path)));
  return madeOnce(join(openstackCache(), `state-${key}`), (folder) =>
    makeState({ tree: tree.path, folder }),
  );
}

async function makeState(place: Place): Promise<void> {
  const { folder } = place;
  const [keystone = 0] = await freePorts(1);
  const ports = { keystone, neutron: 0, glance: 0 };
  for (const name of ['fernet-keys', 'credential-keys', 'images', 'neutron']) {
    mkdirSync(join(folder, name), { recursive: true });
  }
  writeConfiguration(folder, ports);
  copyFileSync(
    fileURLToPath(new URL('neutron-schema.py', import.meta.url)),
    join(folder, 'schema'),
  );
  const neutron = runInside(place, ['python3', `${home}/schema`, `${home}/neutron.db`]);
  const glance = runInside(place, [
    ...['glance-manage', '--config-file', `${home}/glance-api.conf`, 'db_sync'],
  ]);
  await Promise.all([makeKeystone(place, urlsOf(ports).keystone), neutron, glance]);
  const service = new Service(place, 'keystone', ports);
  await service.start();
  try {
    await introduce(await KeystoneApi.open(urlsOf(ports).keystone, people.admin));
  } finally {
    await service.kill();
  }
  for (const name of serviceNames) allowReadersBesideAWriter(join(folder, `${name}.db`));
  for (const name of ['schema', 'keystone.log']) rmSync(join(folder, name), { force: true });
}

async function makeKeystone(place: Place, url: string): Promise<void> {
  const manage = (...args: string[]) =>
    runInside(
      place,
      ['keystone-manage', '--config-file', `${home}/keystone.conf`, ...args],
      keystoneEnv,
    );
  const asRoot = ['--keystone-user', 'root', '--keystone-group', 'root'];
  await manage('db_sync');
  await manage('fernet_setup', ...asRoot);
  await manage('credential_setup', ...asRoot);
  await manage(
    ...['bootstrap', '--bootstrap-password', people.admin.password],
    ...['admin', 'internal', 'public'].flatMap((kind) => [`--bootstrap-${kind}-url`, url]),
    ...['--bootstrap-region-id', 'RegionOne'],
  );
}

/** All but the administrator, who exists; and the services. */
async function introduce(keystone: KeystoneApi): Promise<void> {
  const roles = new Map((await keystone.list('roles')).map((role) => [role.name, role]));
  const others: Person[] = Object.values(people).filter(({ user }) => user !== 'admin');
  for (const { user: name, password, project: projectName, roles: names } of others) {
    const project = await keystone.create('projects', { name: projectName });
    const user = await keystone.create('users', { name, password });
    for (const roleName of names) {
      const role = roles.get(roleName) ?? (await keystone.create('roles', { name: roleName }));
      await keystone.grant(project, user, role);
    }
  }
  for (const name of ['neutron', 'glance'] as const) {
    await register(keystone, { name, type: serviceTypes[name] }, 'http://127.0.0.1:0');
  }
}

/** Puts a service into the catalog. */
export async function register(
  keystone: KeystoneApi,
  service: { name: string; type: string },
  url: string,
): Promise<void> {
  const { id } = await keystone.create('services', service);
  for (const kind of ['public', 'internal', 'admin']) {
    const endpoint = { service_id: id, interface: kind, url, region_id: 'RegionOne' };
    await keystone.create('endpoints', endpoint);
  }
}

/** SQLite keeps this choice in the file. */
function allowReadersBesideAWriter(path: string): void {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA journal_mode = WAL');
  database.close();
}
