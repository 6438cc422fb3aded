/**
 * Servers whose rows hold unreadable documents, as after a disk fault or a manual repair: what is
 * damaged, and a repair that makes the server deletable.
 */
import type { Kysely } from 'kysely';
import type { ServerDamage } from '#contracts/store/store.ts';
import { errorText } from '#core/errors.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { unclaimedUse } from './unclaimed-use.ts';

type Db = Kysely<ComputeTables>;

/** Replaces a flavor that cannot be recovered. */
const noFlavor: Flavor = {
  id: '',
  name: 'unreadable',
  vcpus: 0,
  memoryMib: 0,
  diskGib: 0,
  ephemeralGib: 0,
  swapMib: 0,
  rxtxFactor: 1,
  isPublic: false,
  isDisabled: true,
  description: null,
  extraSpecs: {},
};

/** The documents of a server's row, and the replacement for each unreadable one. */
const documents = {
  image_properties: '{}',
  /** Also holds what the server uses on its host. */
  flavor: noFlavor,
  metadata: '{}',
  tags: '[]',
  pci_requests: null,
  key_data: null,
  fault: null,
} as const;

/**
 * The unreadable parts of this server's rows; undefined when the server does not exist or is
 * readable.
 */
export async function serverDamage(db: Db, id: string): Promise<ServerDamage | undefined> {
  const { row, ofServer, ofNics } = await findDamage(db, id);
  const reasons = [
    ...ofServer.map(({ column, why }) => `${column}: ${why}`),
    ...ofNics.map(({ nic, why }) => `vif of NIC ${nic}: ${why}`),
  ];
  if (row === undefined || reasons.length === 0) return undefined;
  return { projectId: row.project_id, deletedAt: row.deleted_at, reason: reasons.join('; ') };
}

/**
 * Replaces unreadable documents by empty ones, so that the server can be deleted, and releases what
 * it holds.
 */
export async function mendServer(trx: Db, id: string): Promise<void> {
  const { ofServer, ofNics } = await findDamage(trx, id);
  for (const { column } of ofServer) {
    const text =
      column === 'flavor'
        ? JSON.stringify({ ...documents.flavor, ...(await unclaimedUse(trx, id)) })
        : documents[column];
    await trx
      .updateTable('instances')
      .set({ [column]: text })
      .where('uuid', '=', id)
      .execute();
  }
  for (const { nic } of ofNics) {
    await trx.updateTable('instance_nics').set({ vif: null }).where('id', '=', nic).execute();
  }
}

async function findDamage(db: Db, id: string) {
  const row = await db
    .selectFrom('instances')
    .select(['project_id', 'deleted_at', 'image_properties', 'flavor', 'metadata', 'tags'])
    .select(['key_data', 'fault', 'pci_requests'])
    .where('uuid', '=', id)
    .executeTakeFirst();
  const nics = await db
    .selectFrom('instance_nics')
    .select(['id', 'vif'])
    .where('instance_uuid', '=', id)
    .orderBy('position')
    .execute();
  const columns = row === undefined ? [] : (Object.keys(documents) as (keyof typeof documents)[]);
  return {
    row,
    ofServer: columns.flatMap((column) => {
      const why = problemOf(row?.[column] ?? null);
      return why === undefined ? [] : [{ column, why }];
    }),
    ofNics: nics.flatMap(({ id: nic, vif }) => {
      const why = problemOf(vif);
      return why === undefined ? [] : [{ nic, why }];
    }),
  };
}

function problemOf(text: string | null): string | undefined {
  if (text === null) return undefined;
  try {
    JSON.parse(text);
    return undefined;
  } catch (error) {
    return errorText(error);
  }
}
