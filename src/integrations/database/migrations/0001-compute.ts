/**
 * The tables of the compute side, with Nova's names and columns where Nova has them. Ids are text,
 * times are epoch milliseconds, booleans are 1 or 0, documents are JSON text: every engine has
 * these.
 */
import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';
import { createJsonFunctions } from '../engine/dialect.ts';
import { newIndex, newTable } from '../engine/new-table.ts';

export const compute: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await createJsonFunctions(db);
    await createHostTables(db);
    await createServerTables(db);
    await createNicTables(db);
    await createHistoryTables(db);
    await createWorkTables(db);
    await createFlavors(db);
  },
};

async function createHostTables(db: Kysely<unknown>): Promise<void> {
  await newTable(db, 'compute_nodes', {
    uuid: 'text',
    hypervisor_hostname: 'text',
    generation: 'integer',
    availability_zone: 'text',
    host_ip: 'text',
    hypervisor_type: 'text',
    hypervisor_version: 'integer',
    cpu_info: 'text',
    vcpus: 'integer',
    vcpus_used: 'integer',
    memory_mb: 'integer',
    memory_mb_used: 'integer',
    local_gb: 'integer',
    local_gb_used: 'integer',
    pci_stats: 'text',
    disabled: 'integer',
    disabled_reason: 'text?',
    forced_down: 'integer',
    last_seen_at: 'bigint',
    created_at: 'bigint',
    last_command_seq: 'integer',
  })
    .addPrimaryKeyConstraint('compute_nodes_pk', ['uuid'])
    .addUniqueConstraint('compute_nodes_hostname', ['hypervisor_hostname'])
    .execute();
  await newTable(db, 'pci_devices', {
    id: 'row number',
    compute_node_id: 'text',
    address: 'text',
    vendor_id: 'text',
    product_id: 'text',
    dev_type: 'text',
    dev_id: 'text',
    label: 'text',
    status: 'text',
    numa_node: 'integer?',
    parent_addr: 'text?',
    extra_info: 'text',
    tags: 'text',
    instance_uuid: 'text?',
  })
    .addForeignKeyConstraint('pci_devices_host', ['compute_node_id'], 'compute_nodes', ['uuid'])
    .addUniqueConstraint('pci_devices_one_row', ['compute_node_id', 'address'])
    .execute();
  await newIndex(db, 'pci_devices_of_server', 'pci_devices', ['instance_uuid']);
}

async function createServerTables(db: Kysely<unknown>): Promise<void> {
  await newTable(db, 'instances', {
    id: 'row number',
    uuid: 'text',
    display_name: 'text',
    hostname: 'text',
    display_description: 'text?',
    project_id: 'text',
    user_id: 'text',
    image_ref: 'text?',
    image_properties: 'text',
    flavor: 'text',
    key_name: 'text?',
    metadata: 'text',
    tags: 'text',
    user_data: 'text?',
    config_drive: 'integer',
    access_ip_v4: 'text?',
    access_ip_v6: 'text?',
    disk_config: 'text',
    availability_zone: 'text?',
    reservation_id: 'text',
    launch_index: 'integer',
    locked: 'integer',
    locked_reason: 'text?',
    vm_state: 'text',
    task_state: 'text?',
    power_state: 'integer',
    compute_node_id: 'text?',
    host: 'text?',
    fault: 'text?',
    created_at: 'bigint',
    updated_at: 'bigint',
    launched_at: 'bigint?',
    terminated_at: 'bigint?',
    deleted_at: 'bigint?',
  })
    .addUniqueConstraint('instances_uuid', ['uuid'])
    .execute();
  await newIndex(db, 'instances_of_project', 'instances', ['project_id', 'created_at']);
  await newIndex(db, 'instances_of_host', 'instances', ['compute_node_id']);
}

async function createNicTables(db: Kysely<unknown>): Promise<void> {
  await newTable(db, 'instance_nics', {
    id: 'text',
    instance_uuid: 'text',
    position: 'integer',
    network_id: 'text?',
    fixed_ip: 'text?',
    port_id: 'text?',
    tag: 'text?',
    pci_request_id: 'text?',
    owns_port: 'integer',
    vif: 'text?',
    live: 'integer',
  })
    .addPrimaryKeyConstraint('instance_nics_pk', ['id'])
    .addForeignKeyConstraint('instance_nics_server', ['instance_uuid'], 'instances', ['uuid'])
    .execute();
  await newIndex(db, 'instance_nics_of_server', 'instance_nics', ['instance_uuid', 'position']);
  // A port belongs to at most one live NIC.
  await db.schema
    .createIndex('instance_nics_one_per_port')
    .unique()
    .on('instance_nics')
    .column('port_id')
    .where(sql.ref('live'), '=', 1)
    .execute();
  await newTable(db, 'pci_requests', {
    id: 'row number',
    instance_uuid: 'text',
    request_id: 'text',
    count: 'integer',
    spec: 'text',
    alias_name: 'text?',
    numa_policy: 'text?',
    requester_id: 'text?',
  })
    .addForeignKeyConstraint('pci_requests_server', ['instance_uuid'], 'instances', ['uuid'])
    .execute();
  await newIndex(db, 'pci_requests_of_server', 'pci_requests', ['instance_uuid']);
}

async function createHistoryTables(db: Kysely<unknown>): Promise<void> {
  await newTable(db, 'instance_actions', {
    id: 'row number',
    uuid: 'text',
    instance_uuid: 'text',
    action: 'text',
    request_id: 'text',
    user_id: 'text',
    project_id: 'text',
    start_time: 'bigint',
    updated_at: 'bigint',
    message: 'text?',
  })
    .addUniqueConstraint('instance_actions_uuid', ['uuid'])
    .addForeignKeyConstraint('instance_actions_server', ['instance_uuid'], 'instances', ['uuid'])
    .execute();
  await newIndex(db, 'instance_actions_of_server', 'instance_actions', ['instance_uuid']);
  await newTable(db, 'instance_actions_events', {
    id: 'row number',
    action_uuid: 'text',
    event: 'text',
    start_time: 'bigint',
    finish_time: 'bigint?',
    result: 'text?',
    details: 'text?',
    host: 'text?',
  })
    .addForeignKeyConstraint(
      'instance_actions_events_action',
      ['action_uuid'],
      'instance_actions',
      ['uuid'],
    )
    .addUniqueConstraint('instance_actions_events_start', ['action_uuid', 'event', 'start_time'])
    .execute();
  await newTable(db, 'decisions', {
    id: 'row number',
    instance_uuid: 'text',
    attempt: 'integer',
    decided_at: 'bigint',
    chosen: 'text?',
    candidates: 'text',
    rejections: 'text',
    devices: 'text',
  })
    .addForeignKeyConstraint('decisions_server', ['instance_uuid'], 'instances', ['uuid'])
    .execute();
  await newIndex(db, 'decisions_of_server', 'decisions', ['instance_uuid']);
}

async function createWorkTables(db: Kysely<unknown>): Promise<void> {
  await newTable(db, 'tasks', {
    instance_uuid: 'text',
    uuid: 'text',
    kind: 'text',
    step: 'text?',
    epoch: 'integer',
    data: 'text',
    action_uuid: 'text',
    due_at: 'bigint?',
    leased_by: 'text?',
    leased_until: 'bigint?',
    leased_epoch: 'integer?',
  })
    .addPrimaryKeyConstraint('tasks_one_per_server', ['instance_uuid'])
    .addForeignKeyConstraint('tasks_server', ['instance_uuid'], 'instances', ['uuid'])
    .execute();
  await newIndex(db, 'tasks_due', 'tasks', ['due_at']);
  await newTable(db, 'host_commands', {
    id: 'row number',
    compute_node_id: 'text',
    seq: 'integer',
    instance_uuid: 'text',
    kind: 'text',
    body: 'text',
    succeeded: 'integer?',
    result: 'text?',
  })
    .addUniqueConstraint('host_commands_seq', ['compute_node_id', 'seq'])
    .addForeignKeyConstraint('host_commands_host', ['compute_node_id'], 'compute_nodes', ['uuid'])
    .addForeignKeyConstraint('host_commands_server', ['instance_uuid'], 'instances', ['uuid'])
    .execute();
  await newIndex(db, 'host_commands_of_server', 'host_commands', ['instance_uuid', 'kind']);
  await db.schema
    .createIndex('host_commands_pending')
    .on('host_commands')
    .columns(['compute_node_id', 'seq'])
    .where(sql.ref('succeeded'), 'is', null)
    .execute();
}

async function createFlavors(db: Kysely<unknown>): Promise<void> {
  await newTable(db, 'flavors', {
    id: 'row number',
    flavorid: 'text',
    name: 'text',
    vcpus: 'integer',
    memory_mb: 'integer',
    root_gb: 'integer',
    ephemeral_gb: 'integer',
    swap: 'integer',
    rxtx_factor: 'real',
    is_public: 'integer',
    disabled: 'integer',
    description: 'text?',
    extra_specs: 'text',
  })
    .addUniqueConstraint('flavors_flavorid', ['flavorid'])
    .addUniqueConstraint('flavors_name', ['name'])
    .execute();
}
