/** Flavors. Each server keeps a copy, so removing a flavor affects no server. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { Kysely } from 'kysely';
import type { FlavorChange, FlavorStore } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import { type FieldMap, toColumns, toFields, toRow } from '../rows/field-map.ts';
import { prepared } from '../rows/prepared.ts';
import { readRow, readRows } from '../rows/readable-rows.ts';
import type { ComputeTables, FlavorRow } from '../engine/tables.ts';
import { refuseDuplicate } from '../engine/unique-violation.ts';
import { inTransaction } from '../engine/transaction.ts';

const flavorMap: FieldMap<Flavor, FlavorRow> = {
  id: ['flavorid', 'plain'],
  name: ['name', 'plain'],
  vcpus: ['vcpus', 'plain'],
  memoryMib: ['memory_mb', 'plain'],
  diskGib: ['root_gb', 'plain'],
  ephemeralGib: ['ephemeral_gb', 'plain'],
  swapMib: ['swap', 'plain'],
  rxtxFactor: ['rxtx_factor', 'plain'],
  isPublic: ['is_public', 'flag'],
  isDisabled: ['disabled', 'flag'],
  description: ['description', 'plain'],
  extraSpecs: ['extra_specs', 'json'],
};

export function flavorStore(db: Kysely<ComputeTables>): FlavorStore {
  return {
    create: async (flavor) => {
      const row = toRow(flavorMap, flavor, {});
      const message = `A flavor with id ${flavor.id} or name ${flavor.name} already exists.`;
      await refuseDuplicate(message, () => db.insertInto('flavors').values(row).execute());
    },
    get: async (id) => {
      const [row] = (await flavorOfId(db, { id })).rows;
      return row && readRow(`Flavor ${id}`, row, (one) => toFields(flavorMap, one));
    },
    list: () => listFlavors(db),
    update: (id, change) => inTransaction(db, (trx) => updateFlavor(trx, id, change)),
    remove: async (id) => {
      const { numDeletedRows } = await db
        .deleteFrom('flavors')
        .where('flavorid', '=', id)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw noSuchFlavor(id);
    },
  };
}

const flavorOfId = prepared((db: Kysely<ComputeTables>, given: { id: string }) =>
  db.selectFrom('flavors').selectAll().where('flavorid', '=', given.id),
);

const flavorsAtOnce = 200;

const flavorsAfter = prepared((db: Kysely<ComputeTables>, given: { after: number }) =>
  db
    .selectFrom('flavors')
    .selectAll()
    .where('id', '>', given.after)
    .orderBy('id')
    .limit(flavorsAtOnce),
);

async function listFlavors(db: Kysely<ComputeTables>): Promise<Flavor[]> {
  const flavors: Flavor[] = [];
  for (let after = 0; ; ) {
    const { rows: some } = await flavorsAfter(db, { after });
    flavors.push(...readRows('flavors', some, (row) => toFields(flavorMap, row)));
    if (some.length < flavorsAtOnce) return flavors;
    after = some.at(-1)?.id ?? after;
    // SQLite answers synchronously: other requests get a turn between the parts of a long list.
    await afterEvents();
  }
}

async function updateFlavor(
  trx: Kysely<ComputeTables>,
  id: string,
  change: FlavorChange,
): Promise<Flavor> {
  const [row] = (await flavorOfId(trx, { id })).rows;
  if (row === undefined) throw noSuchFlavor(id);
  const known = readRow(`Flavor ${id}`, row, (one) => toFields(flavorMap, one));
  const specs = Object.entries({ ...known.extraSpecs, ...change.extraSpecs });
  const flavor = {
    ...known,
    description: change.description === undefined ? known.description : change.description,
    extraSpecs: Object.fromEntries(specs.filter(([, value]) => value !== null)),
  } as Flavor;
  await trx
    .updateTable('flavors')
    .set(toColumns(flavorMap, flavor))
    .where('flavorid', '=', id)
    .execute();
  return flavor;
}

function noSuchFlavor(id: string): ComputeError {
  return new ComputeError('notFound', `Flavor ${id} could not be found.`);
}
