/** Triggers: rules that the database itself enforces, in the transaction that changes a row. */
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { engineOf } from './per-engine.ts';

/**
 * Makes the database refuse to reassign a held PCI device to another server, or to delete its row,
 * before it is released.
 */
export async function fenceHeldDevices(db: Kysely<unknown>): Promise<void> {
  const event = sql`update on pci_devices`;
  if (engineOf(db) === 'postgresql') {
    await createTrigger(db, 'pci_devices_one_holder', {
      event: sql`before ${event}`,
      when: sql`when (old.instance_uuid is not null and new.instance_uuid is not null
        and old.instance_uuid <> new.instance_uuid)`,
      body: sql`raise exception 'this PCI device is held by another server';`,
    });
    await createTrigger(db, 'pci_devices_keep_held', {
      event: sql`before delete on pci_devices`,
      when: sql`when (old.instance_uuid is not null)`,
      body: sql`raise exception 'this PCI device is held by a server';`,
    });
    return;
  }
  await sql`
    create trigger pci_devices_one_holder before update on pci_devices
    when old.instance_uuid is not null and new.instance_uuid is not null
      and old.instance_uuid <> new.instance_uuid
    begin select raise(abort, 'this PCI device is held by another server'); end`.execute(db);
  await sql`
    create trigger pci_devices_keep_held before delete on pci_devices
    when old.instance_uuid is not null
    begin select raise(abort, 'this PCI device is held by a server'); end`.execute(db);
}

/**
 * Makes the database note which addresses of ports end a run, in the transaction that adds or
 * removes one: `ends_run` is 1 where no port of the subnet has the `next_address`. Addresses that
 * are deleted with their port count too. One without a key is not found by its place in the order:
 * its removal reads the addresses of its subnet.
 */
export async function markRunEnds(db: Kysely<unknown>): Promise<void> {
  if (engineOf(db) === 'postgresql') return markRunEndsOnPostgresql(db);
  const before = (row: RawBuilder<unknown>) => sql`
    next_address = ${row}.ip_address and rowid = (
      select rowid from port_addresses
      where subnet_id = ${row}.subnet_id and address_key < ${row}.address_key
      order by address_key desc limit 1)`;
  await sql`
    create trigger port_addresses_added after insert on port_addresses
    begin
      update port_addresses set ends_run = 0 where ${before(sql`new`)};
      update port_addresses set ends_run = not exists (
        select 1 from port_addresses as other
        where other.subnet_id = new.subnet_id and other.ip_address = new.next_address)
      where rowid = new.rowid;
    end`.execute(db);
  await sql`
    create trigger port_addresses_removed after delete on port_addresses
    begin
      update port_addresses set ends_run = 1 where ${before(sql`old`)};
      update port_addresses set ends_run = 1
      where old.address_key is null
        and subnet_id = old.subnet_id and next_address = old.ip_address;
    end`.execute(db);
}

async function markRunEndsOnPostgresql(db: Kysely<unknown>): Promise<void> {
  const before = (row: RawBuilder<unknown>) => sql`
    subnet_id = ${row}.subnet_id and next_address = ${row}.ip_address and ip_address = (
      select ip_address from port_addresses
      where subnet_id = ${row}.subnet_id and address_key < ${row}.address_key
      order by address_key desc limit 1)`;
  await createTrigger(db, 'port_addresses_added', {
    event: sql`after insert on port_addresses`,
    body: sql`
      update port_addresses set ends_run = 0 where ${before(sql`new`)};
      update port_addresses set ends_run = case when exists (
        select 1 from port_addresses as other
        where other.subnet_id = new.subnet_id and other.ip_address = new.next_address)
        then 0 else 1 end
      where subnet_id = new.subnet_id and ip_address = new.ip_address;`,
  });
  await createTrigger(db, 'port_addresses_removed', {
    event: sql`after delete on port_addresses`,
    body: sql`
      update port_addresses set ends_run = 1 where ${before(sql`old`)};
      update port_addresses set ends_run = 1
      where old.address_key is null
        and subnet_id = old.subnet_id and next_address = old.ip_address;`,
  });
}

/**
 * Makes the database number each change of a host in `host_changes`, in the transaction that makes
 * it: a new host, a new generation, a heartbeat, a removal. SQLite counts: one transaction
 * writes at a time, so that the numbers have the order of the commits. PostgreSQL writes the number
 * of the transaction, and a reader's snapshot determines which of them had ended.
 */
export async function numberHostChanges(db: Kysely<unknown>): Promise<void> {
  const events = [
    { name: 'inserted', on: sql`insert`, row: sql`new` },
    { name: 'updated', on: sql`update of generation, last_seen_at`, row: sql`new` },
    { name: 'deleted', on: sql`delete`, row: sql`old` },
  ];
  for (const { name, on, row } of events) {
    if (engineOf(db) === 'postgresql') {
      await createTrigger(db, `compute_nodes_${name}`, {
        event: sql`after ${on} on compute_nodes`,
        body: numbered(sql`${row}.uuid`, sql`pg_current_xact_id()::text::bigint`),
      });
      continue;
    }
    await sql`
      create trigger ${sql.id(`compute_nodes_${name}`)} after ${on} on compute_nodes
      begin ${numbered(sql`${row}.uuid`, nextNumber)} end`.execute(db);
  }
}

const nextNumber = sql`(select coalesce(max(number), 0) + 1 from host_changes)`;

/** The same for the link of a host: it counts as a change of the host. */
export async function numberLinkChanges(db: Kysely<unknown>): Promise<void> {
  for (const [name, on] of [
    ['opened', sql`insert`],
    ['changed', sql`update`],
  ] as const) {
    if (engineOf(db) === 'postgresql') {
      await createTrigger(db, `host_links_${name}`, {
        event: sql`after ${on} on host_links`,
        body: numbered(sql`new.compute_node_id`, sql`pg_current_xact_id()::text::bigint`),
      });
      continue;
    }
    await sql`
      create trigger ${sql.id(`host_links_${name}`)} after ${on} on host_links
      begin ${numbered(sql`new.compute_node_id`, nextNumber)} end`.execute(db);
  }
}

function numbered(id: RawBuilder<unknown>, number: RawBuilder<unknown>): RawBuilder<unknown> {
  return sql`
    insert into host_changes (uuid, number) values (${id}, ${number})
    on conflict (uuid) do update set number = excluded.number;`;
}

interface Trigger {
  event: RawBuilder<unknown>;
  when?: RawBuilder<unknown>;
  /** Statements in PL/pgSQL; they have the rows `new` and `old`. */
  body: RawBuilder<unknown>;
}

/** A trigger of PostgreSQL, with its function. */
async function createTrigger(
  db: Kysely<unknown>,
  name: string,
  { event, when = sql``, body }: Trigger,
): Promise<void> {
  await sql`
    create function ${sql.id(name)}() returns trigger language plpgsql as $$
    begin ${body} return coalesce(new, old); end $$`.execute(db);
  await sql`
    create trigger ${sql.id(name)} ${event} for each row ${when}
    execute function ${sql.id(name)}()`.execute(db);
}
