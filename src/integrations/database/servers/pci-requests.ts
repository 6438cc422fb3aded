/** The devices that a server requires: a document in its row, null without any. */
import type { Insertable, Kysely } from 'kysely';
import type { PciRequest } from '#core/pci/requests/request.ts';
import { prepared } from '../rows/prepared.ts';
import type { ComputeTables, InstanceRow } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

const requestsOf = prepared((db: Db, given: { serverId: string }) =>
  db.selectFrom('instances').select('pci_requests').where('uuid', '=', given.serverId),
);

/** In order of creation; none for an unknown server. */
export async function listPciRequests(db: Db, serverId: string): Promise<PciRequest[]> {
  const { rows } = await requestsOf(db, { serverId });
  return JSON.parse(rows[0]?.pci_requests ?? '[]') as PciRequest[];
}

/** The column of a new server; absent without requests. */
export function requestsColumn(
  requests: readonly PciRequest[],
): Pick<Insertable<InstanceRow>, 'pci_requests'> {
  return requests.length === 0 ? {} : { pci_requests: JSON.stringify(requests) };
}

const write = prepared((db: Db, given: { serverId: string; requests: string | null }) =>
  db
    .updateTable('instances')
    .set({ pci_requests: given.requests })
    .where('uuid', '=', given.serverId),
);

/** Adds some, and removes those with these ids. */
export async function changePciRequests(
  trx: Db,
  serverId: string,
  { added = [], removed = [] }: { added?: readonly PciRequest[]; removed?: readonly string[] },
): Promise<void> {
  if (added.length + removed.length === 0) return;
  const before = await listPciRequests(trx, serverId);
  const kept = before.filter(({ requestId }) => !removed.includes(requestId));
  const { pci_requests: requests = null } = requestsColumn([...kept, ...added]);
  await write(trx, { serverId, requests });
}
