/** Converts moves between objects and rows. */
import type { Insertable, Selectable, Updateable } from 'kysely';
import type { Move, MoveChange, MoveHost, NewMove } from '#contracts/store/store.ts';
import type { MoveStatus, MoveType } from '#core/servers/move.ts';
import type { MigrationRow } from '../engine/tables.ts';

/** The row of a new move. */
export function moveRow(move: NewMove): Insertable<MigrationRow> {
  return {
    uuid: move.id,
    instance_uuid: move.serverId,
    project_id: move.projectId,
    user_id: move.userId,
    migration_type: move.type,
    status: 'accepted',
    source_id: move.source?.id ?? null,
    source_compute: move.source?.name ?? null,
    dest_id: null,
    dest_compute: null,
    left_on: null,
    context: JSON.stringify(move.context),
    created_at: move.createdAt,
    updated_at: move.createdAt,
  };
}

/** The columns that a change sets. */
export function moveColumns({
  status,
  target,
  leftOn,
  context,
}: MoveChange): Updateable<MigrationRow> {
  return {
    ...(status !== undefined && { status }),
    ...(target !== undefined && {
      dest_id: target?.id ?? null,
      dest_compute: target?.name ?? null,
    }),
    ...(leftOn !== undefined && { left_on: leftOn }),
    ...(context !== undefined && { context: JSON.stringify(context) }),
  };
}

export function toMove(row: Selectable<MigrationRow>): Move {
  return {
    id: row.uuid,
    number: row.id,
    serverId: row.instance_uuid,
    projectId: row.project_id,
    userId: row.user_id,
    type: row.migration_type as MoveType,
    status: row.status as MoveStatus,
    source: hostOf(row.source_id, row.source_compute),
    target: hostOf(row.dest_id, row.dest_compute),
    leftOn: row.left_on,
    context: JSON.parse(row.context) as Move['context'],
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function hostOf(id: string | null, name: string | null): MoveHost | null {
  return id === null ? null : { id, name: name ?? id };
}
