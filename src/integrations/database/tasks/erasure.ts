/**
 * Erases a server's secrets from the rows when they are no longer needed. The log of SQLite, which
 * has older states of rows, is dropped soon after: see `LogEraser`.
 */
import type { Kysely } from 'kysely';
import { type CommandResult, questions } from '#contracts/host/host-link.ts';
import type { ComputeTables } from '../engine/tables.ts';

type Db = Kysely<ComputeTables>;

/**
 * Replaces a command's body once the host has answered: it is not read again, and a spawn holds the
 * entire config drive.
 */
export const erasedBody = '{}';

/**
 * Of a deleted server: erases its user data, key, metadata, console tokens and commands, except the
 * outcomes of its newest spawn and destroy, and the pending removal of its guest.
 */
export async function eraseServer(trx: Db, serverId: string): Promise<void> {
  await trx
    .updateTable('instances')
    .set({ user_data: null, key_data: null, metadata: '{}' })
    .where('uuid', '=', serverId)
    .execute();
  await trx.deleteFrom('console_tokens').where('instance_uuid', '=', serverId).execute();
  await trx
    .updateTable('host_commands')
    .set({ body: erasedBody, succeeded: 0, result: JSON.stringify(withdrawn) })
    .where('instance_uuid', '=', serverId)
    .where('succeeded', 'is', null)
    .where('kind', 'not in', ['destroy', ...questions])
    .execute();
  await dropEndedCommands(trx, serverId);
}

/**
 * Commands whose newest outcome counts after the server's deletion: for its removal and history.
 */
const outlasting = ['spawn', 'destroy'];

/**
 * The outcomes that count are written again in rows of their new size: SQLite frees the pages of a
 * deleted row, but not those of a row that shrinks.
 */
async function dropEndedCommands(trx: Db, serverId: string): Promise<void> {
  const ended = await trx
    .deleteFrom('host_commands')
    .where('instance_uuid', '=', serverId)
    .where('succeeded', 'is not', null)
    .where('kind', 'not in', questions)
    .returningAll()
    .execute();
  const kept = outlasting.flatMap((kind) => {
    const ofKind = ended.filter((row) => row.kind === kind);
    return ofKind.toSorted((one, other) => other.id - one.id).slice(0, 1);
  });
  if (kept.length === 0) return;
  const rows = kept.map((row) => ({
    ...row,
    body: erasedBody,
    result: row.result && withoutDomainXml(row.result),
  }));
  await trx.insertInto('host_commands').values(rows).execute();
}

/** An unreadable result stays unreadable: its outcome is unknown. */
function withoutDomainXml(result: string): string {
  try {
    const { domainXml: _, ...rest } = JSON.parse(result) as { domainXml?: string };
    return JSON.stringify(rest);
  } catch {
    return 'unreadable';
  }
}

/**
 * The recorded result of a command that is no longer sent: the removal of the guest that follows
 * undoes its effects.
 */
const withdrawn: CommandResult = {
  ok: false,
  message: 'The server was deleted.',
  detail: 'the host had not answered when the server was deleted',
  steps: [],
};
