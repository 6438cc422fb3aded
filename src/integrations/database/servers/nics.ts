/**
 * Rows of `instance_nics`. A port belongs to at most one live NIC; the database refuses a second.
 */
import type { Insertable, Kysely, Updateable } from 'kysely';
import { ComputeError } from '#core/errors.ts';
import type { ServerNic } from '#core/servers/server.ts';
import { nicRow } from '../rows/server-row.ts';
import { preparedChange } from '../rows/prepared.ts';
import type { ComputeTables, InstanceNicRow } from '../engine/tables.ts';
import { isUniqueViolation } from '../engine/unique-violation.ts';

type Db = Kysely<ComputeTables>;

const insert = preparedChange((db: Db, row: Insertable<InstanceNicRow>) =>
  db.insertInto('instance_nics').values(row),
);

/** The NICs of a server that is created. */
export async function insertNics(trx: Db, serverId: string, nics: ServerNic[]): Promise<void> {
  for (const nic of nics) await insert(trx, nicRow(serverId, nic), {});
}

/** Names no column that is in an index: SQLite would write their pages too. */
const change = preparedChange(
  (
    db: Db,
    columns: Updateable<InstanceNicRow>,
    given: { nic: string; server: string; at: number; port: string | null },
  ) =>
    db
      .updateTable('instance_nics')
      .set(columns)
      .where('id', '=', given.nic)
      .where('instance_uuid', '=', given.server)
      .where('position', '=', given.at)
      .where('port_id', 'is not distinct from', given.port),
);

const write = preparedChange((db: Db, row: Insertable<InstanceNicRow>) =>
  db
    .insertInto('instance_nics')
    .values(row)
    .onConflict((conflict) =>
      conflict.column('id').doUpdateSet((eb) => ({
        position: eb.ref('excluded.position'),
        network_id: eb.ref('excluded.network_id'),
        fixed_ip: eb.ref('excluded.fixed_ip'),
        port_id: eb.ref('excluded.port_id'),
        tag: eb.ref('excluded.tag'),
        pci_request_id: eb.ref('excluded.pci_request_id'),
        owns_port: eb.ref('excluded.owns_port'),
        vif: eb.ref('excluded.vif'),
      })),
    ),
);

/** Writes all columns of these NICs, matched by id. */
export async function writeNics(trx: Db, serverId: string, nics: ServerNic[]): Promise<void> {
  for (const nic of nics) {
    const row = nicRow(serverId, nic);
    const { id, position, port_id: port = null, instance_uuid: server, live: _, ...columns } = row;
    const of = { nic: id, server, at: position, port };
    const { numAffectedRows = 0n } = await change(trx, columns, of);
    if (numAffectedRows === 0n) await write(trx, row, {});
  }
}

/** The server is deleted: its ports become free. */
export async function retireNics(trx: Db, serverId: string): Promise<void> {
  await trx
    .updateTable('instance_nics')
    .set({ live: 0 })
    .where('instance_uuid', '=', serverId)
    .execute();
}

/** Removes these NICs of the server. */
export async function removeNics(trx: Db, serverId: string, ids: string[]): Promise<void> {
  if (ids.length === 0) return;
  await trx
    .deleteFrom('instance_nics')
    .where('instance_uuid', '=', serverId)
    .where('id', 'in', ids)
    .execute();
}

/**
 * Runs a write that may take ports. Throws `conflict`, naming the port, when one belongs to another
 * NIC.
 */
export async function refusePortInUse<T>(
  db: Db,
  nics: ServerNic[],
  run: () => Promise<T>,
): Promise<T> {
  try {
    return await run();
  } catch (cause) {
    if (nics.length === 0 || !isUniqueViolation(cause)) throw cause;
    throw await portInUse(db, nics, cause);
  }
}

async function portInUse(db: Db, nics: ServerNic[], cause: unknown): Promise<unknown> {
  const ports = nics.map((nic) => nic.portId).filter((id) => id !== null);
  const twice = ports.find((id, place) => ports.indexOf(id) !== place);
  if (twice !== undefined) {
    return new ComputeError('conflict', `Port ${twice} is named twice.`, { cause });
  }
  if (ports.length === 0) return cause;
  const own = nics.map((nic) => nic.id);
  const taken = await db
    .selectFrom('instance_nics')
    .select(['port_id', 'instance_uuid'])
    .where('live', '=', 1)
    .where('port_id', 'in', ports)
    .where('id', 'not in', own)
    .executeTakeFirst();
  // The holder was deleted after the write; at the time of the write the port was in use.
  if (taken === undefined) {
    const message = `Port ${ports.join(', ')} is still in use.`;
    return isPortViolation(cause) ? new ComputeError('conflict', message, { cause }) : cause;
  }
  return new ComputeError('conflict', `Port ${taken.port_id} is still in use.`, {
    detail: `it belongs to a NIC of server ${taken.instance_uuid}`,
    cause,
  });
}

/** Whether the index on ports refused the write. Both engines name it. */
function isPortViolation(cause: unknown): boolean {
  const { message, constraint } = cause as { message?: unknown; constraint?: unknown };
  return /port_id/.test(`${String(message)} ${String(constraint)}`);
}
