/** The three services: their configuration, and how each is started. */
import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { home } from './inside.ts';
import { people } from './people.ts';

export const serviceNames = ['keystone', 'neutron', 'glance'] as const;
export type ServiceName = (typeof serviceNames)[number];

/** `broker`: the RabbitMQ between Neutron and its agents; absent: none. */
export type Ports = Record<ServiceName, number> & { broker?: number };
export type Urls = Record<ServiceName, string>;

/** As they stand in the catalog. */
export function urlsOf(ports: Ports): Urls {
  return {
    keystone: `http://127.0.0.1:${ports.keystone}/v3`,
    neutron: `http://127.0.0.1:${ports.neutron}`,
    glance: `http://127.0.0.1:${ports.glance}`,
  };
}

/** What the catalog calls them. */
export const serviceTypes = { keystone: 'identity', neutron: 'network', glance: 'image' } as const;

const sqliteInTurn = fileURLToPath(new URL('sqlite-in-turn', import.meta.url));

export const keystoneEnv = { OS_KEYSTONE_CONFIG_FILES: `${home}/keystone.conf` };

/** The program and its surroundings. */
export function serviceCommand(name: ServiceName, ports: Ports) {
  switch (name) {
    case 'keystone':
      return { command: uwsgi(ports.keystone, 'keystone-wsgi-public', 1), env: keystoneEnv };
    case 'glance':
      return {
        command: uwsgi(ports.glance, 'glance-wsgi-api', 2),
        env: { OS_GLANCE_CONFIG_DIR: home },
      };
    case 'neutron':
      return {
        command: ['neutron-server', '--config-file', `${home}/neutron.conf`],
        env: { PYTHONPATH: `${home}/sqlite-in-turn` },
      };
  }
}

/**
 * The server closes each connection itself, and announces it. Its log has the requests with their
 * users. With two threads Keystone answers 500 when both write to its SQLite.
 */
function uwsgi(port: number, program: string, threads: number): string[] {
  return [
    ...[
      'uwsgi_python3',
      '--http-socket',
      `127.0.0.1:${port}`,
      '--wsgi-file',
      `/usr/bin/${program}`,
    ],
    ...[
      '--master',
      '--processes',
      '1',
      '--threads',
      `${threads}`,
      '--enable-threads',
      '--lazy-apps',
    ],
    ...['--need-app', '--die-on-term', '--buffer-size', '65535'],
    ...['--add-header', 'Connection: close'],
    ...['--log-format', '%(uagent) "%(method) %(uri)" %(status)'],
  ];
}

const log = 'use_stderr = true';

const database = (name: ServiceName) => `[database]
connection = sqlite:///${home}/${name}.db
sqlite_synchronous = false`;

const signIn = (ports: Ports) => `auth_url = ${urlsOf(ports).keystone}
auth_type = password
username = ${people.service.user}
password = ${people.service.password}
project_name = ${people.service.project}
user_domain_id = default
project_domain_id = default`;

const tokens = (ports: Ports) => `[keystone_authtoken]
www_authenticate_uri = ${urlsOf(ports).keystone}
${signIn(ports)}
service_token_roles_required = true`;

/**
 * Passwords are hashed lightly: the packaged strength costs a quarter of a second for each token.
 */
const keystoneConf = `[DEFAULT]
${log}
${database('keystone')}
[token]
provider = fernet
expiration = 86400
[fernet_tokens]
key_repository = ${home}/fernet-keys
[fernet_receipts]
key_repository = ${home}/fernet-keys
[credential]
key_repository = ${home}/credential-keys
[identity]
password_hash_rounds = 4
[cache]
enabled = true
backend = oslo_cache.dict
`;

/**
 * Agents may be rows that no process renews, so they stay alive for 23 days. Compute gets events of
 * ports where there are agents that wire them.
 */
const neutronConf = (ports: Ports) => `[DEFAULT]
${log}
core_plugin = ml2
service_plugins = router
auth_strategy = keystone
transport_url = ${ports.broker === undefined ? 'fake:/' : `rabbit://guest:guest@127.0.0.1:${ports.broker}/`}
bind_host = 127.0.0.1
bind_port = ${ports.neutron}
api_paste_config = /etc/neutron/api-paste.ini
api_workers = 1
rpc_workers = 1
rpc_state_report_workers = 0
agent_down_time = 2000000
notify_nova_on_port_status_changes = ${ports.broker !== undefined}
notify_nova_on_port_data_changes = ${ports.broker !== undefined}
send_events_interval = 1
state_path = ${home}/neutron
[oslo_concurrency]
lock_path = ${home}/neutron/locks
${database('neutron')}
${tokens(ports)}
[nova]
${signIn(ports)}
region_name = RegionOne
endpoint_type = internal
[quotas]
quota_port = -1
quota_network = -1
quota_subnet = -1
[ml2]
type_drivers = flat,vlan,vxlan
tenant_network_types = vlan
mechanism_drivers = sriovnicswitch,openvswitch
extension_drivers = port_security
[ml2_type_flat]
flat_networks = *
[ml2_type_vlan]
network_vlan_ranges = physnet1:100:999,physnet2:1000:1999
[ml2_type_vxlan]
vni_ranges = 1:1000
`;

const glanceConf = (ports: Ports) => `[DEFAULT]
${log}
enabled_backends = fs:file
[glance_store]
default_backend = fs
[fs]
filesystem_store_datadir = ${home}/images
[os_glance_staging_store]
filesystem_store_datadir = ${home}/images-staged
[os_glance_tasks_store]
filesystem_store_datadir = ${home}/images-tasks
[paste_deploy]
flavor = keystone
config_file = /etc/glance/glance-api-paste.ini
[oslo_concurrency]
lock_path = ${home}
${database('glance')}
${tokens(ports)}
`;

export function writeConfiguration(folder: string, ports: Ports): void {
  cpSync(sqliteInTurn, join(folder, 'sqlite-in-turn'), { recursive: true });
  writeFileSync(join(folder, 'keystone.conf'), keystoneConf);
  writeFileSync(join(folder, 'neutron.conf'), neutronConf(ports));
  writeFileSync(join(folder, 'glance-api.conf'), glanceConf(ports));
}
