/** Moves of a server from host to host: their kinds and states. */

/**
 * Wire spelling of Nova's `migration_type`; `unshelve` and `shelve` are Novella's. `shelve`: the
 * server left a host that does not answer, and is on none.
 */
export type MoveType =
  | 'resize'
  | 'migration'
  | 'live-migration'
  | 'evacuation'
  | 'unshelve'
  | 'shelve';

/** Moves that find a new host for the server. */
export type MoveToHost = Exclude<MoveType, 'shelve'>;

/**
 * Wire spelling of Nova. `accepted`: no host is chosen; `finished`: waits for a confirmation;
 * `done`: evacuated or shelved, and the old host has not returned; `cancelled`: aborted.
 * Source: Nova `Migration.status`.
 */
export type MoveStatus =
  | 'accepted'
  | 'migrating'
  | 'post-migrating'
  | 'finished'
  | 'confirming'
  | 'confirmed'
  | 'reverting'
  | 'reverted'
  | 'completed'
  | 'done'
  | 'cancelled'
  | 'error';

/** Of moves that have ended. */
export const endedMoves: readonly MoveStatus[] = [
  'confirmed',
  'reverted',
  'completed',
  'done',
  'cancelled',
  'error',
];

/** Does the server wait for a confirmation after this move? */
export function needsConfirmation(type: MoveType): boolean {
  return type === 'resize' || type === 'migration';
}
