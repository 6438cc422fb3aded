/** Rows of `pci_requests`: the devices that a server requires. */
import type { Insertable, Kysely } from 'kysely';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { type FieldMap, toFields, toRow } from '../rows/field-map.ts';
import { prepared, preparedChange } from '../rows/prepared.ts';
import type { ComputeTables, PciRequestRow } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

const requestMap: FieldMap<PciRequest, PciRequestRow> = {
  requestId: ['request_id', 'plain'],
  count: ['count', 'plain'],
  spec: ['spec', 'json'],
  needsInterface: ['needs_interface', 'flag'],
  aliasName: ['alias_name', 'plain'],
  numaPolicy: ['numa_policy', 'plain'],
  requesterId: ['requester_id', 'plain'],
};

const requestsOf = prepared((db: Db, given: { serverId: string }) =>
  db
    .selectFrom('pci_requests')
    .selectAll()
    .where('instance_uuid', '=', given.serverId)
    .orderBy('id'),
);

/** In order of creation. */
export async function listPciRequests(db: Db, serverId: string): Promise<PciRequest[]> {
  const { rows } = await requestsOf(db, { serverId });
  return rows.map((row) => toFields(requestMap, row));
}

const insert = preparedChange((db: Db, row: Insertable<PciRequestRow>) =>
  db.insertInto('pci_requests').values(row),
);

export async function insertPciRequests(
  trx: Db,
  serverId: string,
  requests: readonly PciRequest[],
): Promise<void> {
  for (const request of requests) {
    await insert(trx, toRow(requestMap, request, { instance_uuid: serverId }), {});
  }
}

export async function removePciRequests(
  trx: Db,
  serverId: string,
  requestIds: readonly string[],
): Promise<void> {
  if (requestIds.length === 0) return;
  await trx
    .deleteFrom('pci_requests')
    .where('instance_uuid', '=', serverId)
    .where('request_id', 'in', requestIds)
    .execute();
}
