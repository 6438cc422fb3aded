/**
 * Fills the database of a running Novella with copies of servers, with new ids and all else equal:
 * faster than booting thousands.
 */
import { DatabaseSync } from 'node:sqlite';

/**
 * Copies this server, its NICs, ports and history this many times; the copies are spread over all
 * hosts.
 */
export function copyServer(databaseFile: string, serverId: string, count: number): void {
  const db = new DatabaseSync(databaseFile, { timeout: 30_000 });
  try {
    db.exec('begin immediate');
    for (const copy of copies) copyRows(db, { ...copy, serverId, count });
    db.exec('commit');
  } finally {
    db.close();
  }
}

interface Copy {
  table: string;
  /** Which rows belong to the server `?`. */
  of: string;
  /** Columns that each copy `i` has of its own, as SQL. */
  own: Record<string, string>;
}

/** The last part of an id counts the copies. */
const copyOf = (column: string) => `substr(${column}, 1, 23) || printf('-%012x', 1000000 + i)`;
const ofServer = 'instance_uuid = ?';
const serverPorts = 'select port_id from instance_nics where instance_uuid = ?';
const hostAt = (column: string) =>
  `(select ${column} from compute_nodes where number = 1 + i % (select count(*) from compute_nodes))`;

const copies: Copy[] = [
  {
    table: 'instances',
    of: 'uuid = ?',
    own: {
      uuid: copyOf('uuid'),
      display_name: "'bench-' || i",
      created_at: 'created_at + i',
      compute_node_id: hostAt('uuid'),
      host: hostAt('hypervisor_hostname'),
    },
  },
  {
    table: 'ports',
    of: `id in (${serverPorts})`,
    own: {
      id: copyOf('id'),
      device_id: copyOf('device_id'),
      mac_address: "'fa:17:' || substr(mac_address, -5) || printf(':%02x:%02x', i / 256, i % 256)",
    },
  },
  {
    table: 'port_addresses',
    of: `port_id in (${serverPorts})`,
    own: {
      port_id: copyOf('port_id'),
      ip_address: "replace(ip_address, '10.100.0.', '10.') || '.' || (i / 256) || '.' || (i % 256)",
      address_key: "printf('0a%02x%02x%02x', substr(ip_address, 10), i / 256, i % 256)",
      next_address:
        "replace(ip_address, '10.100.0.', '10.') || '.' || ((i + 1) / 256) || '.' || ((i + 1) % 256)",
    },
  },
  {
    table: 'instance_nics',
    of: ofServer,
    own: {
      id: copyOf('id'),
      instance_uuid: copyOf('instance_uuid'),
      port_id: copyOf('port_id'),
    },
  },
  { table: 'decisions', of: ofServer, own: { instance_uuid: copyOf('instance_uuid') } },
  {
    table: 'instance_actions',
    of: ofServer,
    own: { uuid: copyOf('uuid'), instance_uuid: copyOf('instance_uuid') },
  },
  {
    table: 'tasks',
    of: ofServer,
    own: { instance_uuid: copyOf('instance_uuid'), uuid: copyOf('uuid') },
  },
  {
    table: 'host_commands',
    of: ofServer,
    own: {
      instance_uuid: copyOf('instance_uuid'),
      // Numbers are per host.
      seq: '1000000 * (1 + unicode(instance_uuid)) + seq * 100000 + i',
    },
  },
];

function copyRows(
  db: DatabaseSync,
  { table, of, own, serverId, count }: Copy & { serverId: string; count: number },
): void {
  const columns = (
    db.prepare(`pragma table_info(${table})`).all() as { name: string; type: string }[]
  )
    .filter(({ name, type }) => !(name === 'id' && type.toLowerCase() === 'integer'))
    .map(({ name }) => name);
  const values = columns.map((name) => own[name] ?? name).join(', ');
  db.prepare(
    `with recursive copy(i) as (select 1 union all select i + 1 from copy where i < ${count})
     insert into ${table} (${columns.join(', ')}) select ${values} from ${table}, copy where ${of}`,
  ).run(serverId);
}
