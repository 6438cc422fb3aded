/** Ended commands of a live server that a newer one of their kind replaces: nothing reads them. */
import type { Kysely } from 'kysely';
import { type HostCommandBody, questions } from '#contracts/host/host-link.ts';
import type { ComputeTables } from '../engine/tables.ts';

/** Commands that may change a guest's definition. */
export const defining: readonly HostCommandBody['do'][] = [
  'spawn',
  'respawn',
  'rescue',
  'move-in',
  'attach',
  'detach',
];

/**
 * Kinds that a server rarely gets twice: no statement is spent on them. Queries are deleted, but an
 * end of a transfer may also be a command.
 */
const rare: readonly string[] = [
  'spawn',
  'destroy',
  ...questions.filter((kind) => kind !== 'end-transfer'),
];

/**
 * Deletes the older ended commands of this one's kind. After a failed one that may change the
 * definition they stay: the newest that succeeded has the guest's domain XML.
 */
export async function dropSuperseded(
  trx: Kysely<ComputeTables>,
  { id, instance_uuid: serverId, kind }: { id: number; instance_uuid: string; kind: string },
  succeeded: boolean,
): Promise<void> {
  if (rare.includes(kind)) return;
  if (!succeeded && (defining as readonly string[]).includes(kind)) return;
  await trx
    .deleteFrom('host_commands')
    .where('instance_uuid', '=', serverId)
    .where('kind', '=', kind)
    .where('succeeded', 'is not', null)
    .where('id', '<', id)
    .execute();
}
