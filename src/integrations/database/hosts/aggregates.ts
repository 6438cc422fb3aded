/**
 * Host aggregates. What they give a host is in the host's row too, written under a new generation:
 * a host that was chosen for a server by its former zone is chosen again.
 */
import type { Kysely, Selectable } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type { AggregateChange, AggregateStore } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { type Aggregate, zoneKey, zoneOf } from '#core/hosts/aggregate.ts';
import { additionFault, removalFault, zoneChangeFault } from '#core/hosts/aggregate-zones.ts';
import { type FieldMap, toColumns, toFields, toRow } from '../rows/field-map.ts';
import { readRow, readRows } from '../rows/readable-rows.ts';
import type { AggregateRow, ComputeTables } from '../engine/tables.ts';
import { refuseDuplicate } from '../engine/unique-violation.ts';
import { placeHosts, zonedHosts } from './aggregate-hosts.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;
type Fields = Omit<Aggregate, 'id' | 'hosts'>;

const aggregateMap: FieldMap<Fields, AggregateRow> = {
  uuid: ['uuid', 'plain'],
  name: ['name', 'plain'],
  metadata: ['metadata', 'json'],
  createdAt: ['created_at', 'plain'],
  updatedAt: ['updated_at', 'plain'],
};

export function aggregateStore(db: Db, clock: Clock): AggregateStore {
  /** The work and the aggregate after it, in one transaction. */
  const after = (id: number, work: (trx: Db) => Promise<void>) =>
    inTransaction(db, async (trx) => {
      await work(trx);
      return findAggregate(trx, id);
    });
  return {
    list: () => readAll(db),
    get: async (id) => (await readAll(db, id))[0],
    create: async (made) => {
      const fields = { ...made, createdAt: clock.now(), updatedAt: null };
      const row = toRow(aggregateMap, fields, {});
      const { id } = await refuseTaken(made.name, () =>
        db.insertInto('aggregates').values(row).returning('id').executeTakeFirstOrThrow(),
      );
      return { ...fields, id, hosts: [] };
    },
    change: (id, change) =>
      refuseTaken(change.name ?? '', () =>
        after(id, (trx) => changeAggregate(trx, id, change, clock.now())),
      ),
    remove: (id) => inTransaction(db, (trx) => removeAggregate(trx, id)),
    addHost: (id, host) => after(id, (trx) => addHost(trx, id, host)),
    removeHost: (id, host) => after(id, (trx) => removeHost(trx, id, host)),
  };
}

/** All, or the one of this id, in the order of creation. */
async function readAll(db: Db, id?: number): Promise<Aggregate[]> {
  const all = db.selectFrom('aggregates').selectAll().orderBy('id');
  const rows = await (id === undefined ? all : all.where('id', '=', id)).execute();
  const members = db
    .selectFrom('aggregate_hosts')
    .innerJoin('compute_nodes', 'compute_nodes.uuid', 'aggregate_hosts.compute_node_id')
    .select(['aggregate_id', 'hypervisor_hostname'])
    .orderBy('aggregate_hosts.id');
  const found = await (id === undefined
    ? members
    : members.where('aggregate_id', '=', id)
  ).execute();
  const byId = Map.groupBy(found, ({ aggregate_id: aggregateId }) => aggregateId);
  const toAggregate = (row: Selectable<AggregateRow>): Aggregate => ({
    id: row.id,
    ...toFields(aggregateMap, row),
    hosts: (byId.get(row.id) ?? []).map((member) => member.hypervisor_hostname),
  });
  if (id === undefined) return readRows('aggregates', rows, toAggregate);
  return rows.map((row) => readRow(`Aggregate ${id}`, row, toAggregate));
}

async function findAggregate(trx: Db, id: number): Promise<Aggregate> {
  const [aggregate] = await readAll(trx, id);
  if (aggregate !== undefined) return aggregate;
  throw new ComputeError('notFound', `Aggregate ${id} could not be found.`);
}

async function changeAggregate(
  trx: Db,
  id: number,
  { name, metadata: changed = {} }: AggregateChange,
  now: number,
): Promise<void> {
  const aggregate = await findAggregate(trx, id);
  const entries = Object.entries({ ...aggregate.metadata, ...changed });
  const metadata = Object.fromEntries(
    entries.filter((entry): entry is [string, string] => entry[1] !== null),
  );
  const hostIds = await idsOfHosts(trx, id);
  const to = changed[zoneKey];
  if (typeof to === 'string') {
    const zoned = await zonedHosts(trx, hostIds, { except: id });
    refuse('invalid', `Cannot update aggregate ${id}`, {
      fault: zoneChangeFault({ from: zoneOf(aggregate), to }, zoned),
    });
  }
  const columns = toColumns(aggregateMap, {
    ...(name !== undefined && { name }),
    metadata,
    updatedAt: now,
  });
  await trx.updateTable('aggregates').set(columns).where('id', '=', id).execute();
  await placeHosts(trx, hostIds);
}

async function removeAggregate(trx: Db, id: number): Promise<void> {
  // Without reading it: a damaged record can be deleted too.
  const hosts = await idsOfHosts(trx, id);
  if (hosts.length > 0) {
    throw new ComputeError(
      'invalid',
      `Cannot delete aggregate ${id}. Reason: Host aggregate is not empty: it has ${hosts.length} ${hosts.length === 1 ? 'host' : 'hosts'}.`,
    );
  }
  const { numDeletedRows } = await trx
    .deleteFrom('aggregates')
    .where('id', '=', id)
    .executeTakeFirst();
  if (numDeletedRows > 0n) return;
  throw new ComputeError('notFound', `Aggregate ${id} could not be found.`);
}

async function addHost(trx: Db, id: number, name: string): Promise<void> {
  const hostId = await idOfHost(trx, name);
  const aggregate = await findAggregate(trx, id);
  if (aggregate.hosts.includes(name)) {
    throw new ComputeError('conflict', `Aggregate ${id} already has host ${name}.`);
  }
  for (const host of await zonedHosts(trx, [hostId], { except: id })) {
    refuse('conflict', `Cannot add host to aggregate ${id}`, {
      fault: additionFault(zoneOf(aggregate), host),
    });
  }
  await trx
    .insertInto('aggregate_hosts')
    .values({ aggregate_id: id, compute_node_id: hostId })
    .execute();
  await placeHosts(trx, [hostId]);
}

async function removeHost(trx: Db, id: number, name: string): Promise<void> {
  const hostId = await idOfHost(trx, name);
  const aggregate = await findAggregate(trx, id);
  if (!aggregate.hosts.includes(name)) {
    throw new ComputeError('notFound', `Aggregate ${id} has no host ${name}.`);
  }
  for (const host of await zonedHosts(trx, [hostId], { except: id })) {
    refuse('conflict', `Cannot remove host from aggregate ${id}`, {
      fault: removalFault(zoneOf(aggregate), host),
    });
  }
  await trx
    .deleteFrom('aggregate_hosts')
    .where('aggregate_id', '=', id)
    .where('compute_node_id', '=', hostId)
    .execute();
  await placeHosts(trx, [hostId]);
}

async function idsOfHosts(trx: Db, id: number): Promise<string[]> {
  const rows = await trx
    .selectFrom('aggregate_hosts')
    .select('compute_node_id')
    .where('aggregate_id', '=', id)
    .execute();
  return rows.map((row) => row.compute_node_id);
}

async function idOfHost(trx: Db, name: string): Promise<string> {
  const row = await trx
    .selectFrom('compute_nodes')
    .select('uuid')
    .where('hypervisor_hostname', '=', name)
    .executeTakeFirst();
  if (row !== undefined) return row.uuid;
  throw new ComputeError('notFound', `Compute host ${name} could not be found.`);
}

function refuse(
  kind: 'invalid' | 'conflict',
  what: string,
  { fault }: { fault: string | undefined },
): void {
  if (fault !== undefined) throw new ComputeError(kind, `${what}. Reason: ${fault}.`);
}

function refuseTaken<T>(name: string, write: () => Promise<T>): Promise<T> {
  return refuseDuplicate(`Aggregate ${name} already exists.`, write);
}
