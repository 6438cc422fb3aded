/**
 * The real Nova's API as Debian ships it, beside a real Keystone and Neutron, with servers that its
 * own objects have written into SQLite. It has no compute service: for lists only.
 */
import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { freePorts } from '#test/processes/free-ports.ts';
import { debianTree, leanDpkgOptions } from '#test/debian/debian-tree.ts';
import { home, type Place, runInside, startInside } from '../test/openstack/environment/inside.ts';
import type { OpenStack } from '../test/openstack/environment/openstack.ts';
import { noAutostart, openstackCache } from '../test/openstack/environment/tree.ts';

export interface RunningNova {
  /** Example: `http://127.0.0.1:40000/v2.1`. */
  computeUrl: string;
  /** As Debian counts. Example: `2:31.0.0-6+deb13u3`. */
  version: string;
  /** Of the outermost of its processes. */
  pid: number;
  stop(): Promise<void>;
}

const packages = ['nova-api', 'uwsgi-core', 'uwsgi-plugin-python3'];
const configuration = `${home}/nova.conf`;
const env = { OS_NOVA_CONFIG_FILES: `/etc/nova/api-paste.ini;${configuration}` };
const readyMs = 120_000;

/**
 * Starts it with so many running servers of this project. The first time it builds a
 * Debian tree (minutes).
 */
export async function startNova(
  cloud: OpenStack,
  { servers, project }: { servers: number; project: string },
): Promise<RunningNova> {
  const options = { packages, dpkgOptions: leanDpkgOptions, scripts: noAutostart };
  const { path: tree } = await debianTree(openstackCache(), options);
  const { folder } = cloud;
  const place = { tree, folder };
  writeFileSync(join(folder, 'nova.conf'), configurationOf(cloud));
  const script = fileURLToPath(new URL('nova-servers.py', import.meta.url));
  copyFileSync(script, join(folder, 'nova-servers.py'));
  await makeDatabases(place);
  const given = [configuration, `${servers}`, project];
  await runInside(place, ['python3', `${home}/nova-servers.py`, ...given]);
  const [port = 0] = await freePorts(1);
  const running = startInside(place, uwsgi(port), { env, log: join(folder, 'nova.log') });
  const computeUrl = `http://127.0.0.1:${port}/v2.1`;
  const end = performance.now() + readyMs;
  while (!(await answers(computeUrl))) {
    if (performance.now() > end || !running.isRunning()) {
      await running.kill();
      throw new Error(`nova-api does not answer: see ${join(folder, 'nova.log')}`);
    }
    await delay(100);
  }
  const [, version = ''] = (await runInside(place, ['dpkg-query', '-W', 'nova-api'])).split('\t');
  return { computeUrl, version: version.trim(), pid: running.pid, stop: () => running.kill() };
}

async function makeDatabases(place: Place): Promise<void> {
  const manage = (...args: string[]) =>
    runInside(place, ['nova-manage', '--config-file', configuration, ...args]);
  const database = (name: string) => ['--database_connection', `sqlite:///${home}/${name}.db`];
  await manage('api_db', 'sync');
  await manage('cell_v2', 'map_cell0', ...database('nova-cell0'));
  await manage('db', 'sync');
  const cell = ['--name', 'cell1', ...database('nova'), '--transport-url', 'fake:/'];
  await manage('cell_v2', 'create_cell', ...cell);
}

/** One process with one thread, as Keystone beside it: requests come one after the other. */
function uwsgi(port: number): string[] {
  return [
    ...['uwsgi_python3', '--http-socket', `127.0.0.1:${port}`],
    ...['--wsgi-file', '/usr/bin/nova-api-wsgi', '--master', '--processes', '1', '--threads', '1'],
    ...['--enable-threads', '--lazy-apps', '--need-app', '--die-on-term'],
    ...['--buffer-size', '65535', '--add-header', 'Connection: close'],
  ];
}

function configurationOf({ urls, people }: OpenStack): string {
  const { user, password, project } = people.service;
  const signIn = `auth_url = ${urls.keystone}
auth_type = password
username = ${user}
password = ${password}
project_name = ${project}
user_domain_id = default
project_domain_id = default
region_name = RegionOne`;
  return `[DEFAULT]
transport_url = fake:/
use_stderr = true
state_path = ${home}
[oslo_concurrency]
lock_path = ${home}
[database]
connection = sqlite:///${home}/nova.db
[api_database]
connection = sqlite:///${home}/nova-api.db
[keystone_authtoken]
www_authenticate_uri = ${urls.keystone}
${signIn}
[neutron]
${signIn}
[service_user]
send_service_user_token = false
`;
}

function answers(url: string): Promise<boolean> {
  return fetch(new URL('/', url)).then(
    ({ status }) => status < 500,
    () => false,
  );
}
