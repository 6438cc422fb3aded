/**
 * Tables of the embedded identity, network and image services. Times are epoch milliseconds,
 * booleans 0 or 1, JSON is text.
 */
import { type CreateTableBuilder, type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

export const embeddedServices: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createIdentityTables(db);
    await createNetworkTables(db);
    await createPortTables(db);
    await createSecurityGroupTables(db);
    await createImageTable(db);
  },
};

async function createIdentityTables(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('identity_projects')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('domain_id', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .addUniqueConstraint('identity_projects_name', ['domain_id', 'name'])
    .execute();
  await db.schema
    .createTable('identity_users')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('domain_id', 'text', (column) => column.notNull())
    .addColumn('password_hash', 'text', (column) => column.notNull())
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .addColumn('default_project_id', 'text')
    .addUniqueConstraint('identity_users_name', ['domain_id', 'name'])
    .execute();
  await db.schema
    .createTable('identity_roles')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull().unique())
    .execute();
  await db.schema
    .createTable('identity_role_assignments')
    .addColumn('user_id', 'text', (column) => column.notNull().references('identity_users.id'))
    .addColumn('project_id', 'text', (column) =>
      column.notNull().references('identity_projects.id'),
    )
    .addColumn('role_id', 'text', (column) => column.notNull().references('identity_roles.id'))
    .addPrimaryKeyConstraint('identity_role_assignments_key', ['user_id', 'project_id', 'role_id'])
    .execute();
  await db.schema
    .createTable('identity_tokens')
    .addColumn('digest', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) => column.notNull().references('identity_users.id'))
    .addColumn('project_id', 'text', (column) => column.references('identity_projects.id'))
    .addColumn('methods', 'text', (column) => column.notNull())
    .addColumn('audit_id', 'text', (column) => column.notNull())
    .addColumn('issued_at', 'bigint', (column) => column.notNull())
    .addColumn('expires_at', 'bigint', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('identity_tokens_expiry')
    .on('identity_tokens')
    .column('expires_at')
    .execute();
}

/** The columns that every stored object of the network service has. */
function startTable(db: Kysely<unknown>, name: string): CreateTableBuilder<string, string> {
  return db.schema
    .createTable(name)
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull());
}

async function createNetworkTables(db: Kysely<unknown>): Promise<void> {
  await startTable(db, 'networks')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('admin_state_up', 'integer', (column) => column.notNull())
    .addColumn('shared', 'integer', (column) => column.notNull())
    .addColumn('external', 'integer', (column) => column.notNull())
    .addColumn('port_security_enabled', 'integer', (column) => column.notNull())
    .addColumn('mtu', 'integer', (column) => column.notNull())
    .addColumn('network_type', 'text', (column) => column.notNull())
    .addColumn('physical_network', 'text')
    .addColumn('segmentation_id', 'integer')
    .execute();
  // A flat network has no id; without the coalesce two of them would not count as equal.
  await db.schema
    .createIndex('networks_segment')
    .on('networks')
    .unique()
    .columns(['physical_network', 'network_type'])
    .expression(sql`coalesce(segmentation_id, 0)`)
    .execute();
  await startTable(db, 'subnets')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('network_id', 'text', (column) =>
      column.notNull().references('networks.id').onDelete('cascade'),
    )
    .addColumn('ip_version', 'integer', (column) => column.notNull())
    .addColumn('cidr', 'text', (column) => column.notNull())
    .addColumn('gateway_ip', 'text')
    .addColumn('allocation_pools', 'text', (column) => column.notNull())
    .addColumn('dns_nameservers', 'text', (column) => column.notNull())
    .addColumn('host_routes', 'text', (column) => column.notNull())
    .addColumn('enable_dhcp', 'integer', (column) => column.notNull())
    .execute();
  await db.schema.createIndex('subnets_network').on('subnets').column('network_id').execute();
}

async function createPortTables(db: Kysely<unknown>): Promise<void> {
  await startTable(db, 'ports')
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('network_id', 'text', (column) => column.notNull().references('networks.id'))
    .addColumn('mac_address', 'text', (column) => column.notNull())
    .addColumn('admin_state_up', 'integer', (column) => column.notNull())
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('device_id', 'text', (column) => column.notNull())
    .addColumn('device_owner', 'text', (column) => column.notNull())
    .addColumn('security_group_ids', 'text', (column) => column.notNull())
    .addColumn('port_security_enabled', 'integer', (column) => column.notNull())
    .addColumn('vnic_type', 'text', (column) => column.notNull())
    .addColumn('binding_host', 'text', (column) => column.notNull())
    .addColumn('profile', 'text', (column) => column.notNull())
    .addColumn('vif_type', 'text', (column) => column.notNull())
    .addColumn('vif_details', 'text', (column) => column.notNull())
    .addUniqueConstraint('ports_mac_address', ['network_id', 'mac_address'])
    .execute();
  await db.schema.createIndex('ports_device').on('ports').column('device_id').execute();
  await db.schema
    .createTable('port_addresses')
    .addColumn('port_id', 'text', (column) =>
      column.notNull().references('ports.id').onDelete('cascade'),
    )
    .addColumn('subnet_id', 'text', (column) => column.notNull().references('subnets.id'))
    .addColumn('ip_address', 'text', (column) => column.notNull())
    .addColumn('position', 'integer', (column) => column.notNull())
    .addPrimaryKeyConstraint('port_addresses_key', ['subnet_id', 'ip_address'])
    .execute();
  await db.schema
    .createIndex('port_addresses_port')
    .on('port_addresses')
    .column('port_id')
    .execute();
}

async function createSecurityGroupTables(db: Kysely<unknown>): Promise<void> {
  await startTable(db, 'security_groups')
    .addColumn('name', 'text', (column) => column.notNull())
    .execute();
  await db.schema
    .createIndex('security_groups_project')
    .on('security_groups')
    .column('project_id')
    .execute();
  // Names may repeat, but the default group, created on a project's first use, must be unique.
  await sql`create unique index security_groups_default on security_groups (project_id) where name = 'default'`.execute(
    db,
  );
  await startTable(db, 'security_group_rules')
    .addColumn('security_group_id', 'text', (column) =>
      column.notNull().references('security_groups.id').onDelete('cascade'),
    )
    .addColumn('direction', 'text', (column) => column.notNull())
    .addColumn('ethertype', 'text', (column) => column.notNull())
    .addColumn('protocol', 'text')
    .addColumn('port_range_min', 'integer')
    .addColumn('port_range_max', 'integer')
    .addColumn('remote_ip_prefix', 'text')
    .addColumn('remote_group_id', 'text')
    .execute();
}

async function createImageTable(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('images')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text')
    .addColumn('status', 'text', (column) => column.notNull())
    .addColumn('visibility', 'text', (column) => column.notNull())
    .addColumn('project_id', 'text', (column) => column.notNull())
    .addColumn('disk_format', 'text')
    .addColumn('container_format', 'text')
    .addColumn('size_bytes', 'bigint')
    .addColumn('md5', 'text')
    .addColumn('sha512', 'text')
    .addColumn('min_disk_gib', 'integer', (column) => column.notNull())
    .addColumn('min_memory_mib', 'integer', (column) => column.notNull())
    .addColumn('is_protected', 'integer', (column) => column.notNull())
    .addColumn('is_hidden', 'integer', (column) => column.notNull())
    .addColumn('tags', 'text', (column) => column.notNull())
    .addColumn('properties', 'text', (column) => column.notNull())
    .addColumn('created_at', 'bigint', (column) => column.notNull())
    .addColumn('updated_at', 'bigint', (column) => column.notNull())
    .execute();
}
