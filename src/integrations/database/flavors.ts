/** Flavors. Servers keep a copy of theirs, so removing one touches no server. */
import type { Kysely } from 'kysely';
import type { FlavorStore } from '#contracts/store.ts';
import { ComputeError } from '#core/errors.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import { type FieldMap, toFields, toRow } from './field-map.ts';
import type { ComputeTables, FlavorRow } from './tables.ts';
import { refuseDuplicate } from './unique-violation.ts';

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
  const rows = () => db.selectFrom('flavors').selectAll();
  return {
    create: async (flavor) => {
      const row = toRow(flavorMap, flavor, {});
      const message = `A flavor with id ${flavor.id} or name ${flavor.name} already exists.`;
      await refuseDuplicate(message, () => db.insertInto('flavors').values(row).execute());
    },
    get: async (id) => {
      const row = await rows().where('flavorid', '=', id).executeTakeFirst();
      return row && toFields(flavorMap, row);
    },
    list: async () => {
      const found = await rows().orderBy('id').execute();
      return found.map((row) => toFields(flavorMap, row));
    },
    setExtraSpecs: async (id, extraSpecs) => {
      const { numUpdatedRows } = await db
        .updateTable('flavors')
        .set({ extra_specs: JSON.stringify(extraSpecs) })
        .where('flavorid', '=', id)
        .executeTakeFirst();
      if (numUpdatedRows === 0n) throw noSuchFlavor(id);
    },
    remove: async (id) => {
      const { numDeletedRows } = await db
        .deleteFrom('flavors')
        .where('flavorid', '=', id)
        .executeTakeFirst();
      if (numDeletedRows === 0n) throw noSuchFlavor(id);
    },
  };
}

function noSuchFlavor(id: string): ComputeError {
  return new ComputeError('notFound', `Flavor ${id} could not be found.`);
}
