/** Servers on their way, in the replies of the operator API. */
import { type Static, Type } from 'typebox';
import { Moment, nullable, shape } from './shape.ts';

const Bytes = shape({
  total: Type.Integer(),
  processed: Type.Integer(),
  remaining: Type.Integer(),
});

/**
 * `number`: its id in the compute API. `step`: of its workflow; null: it waits for its user, or has
 * ended. `progress`: of what is copied now, files (as `disk`) or a running guest; null: nothing is.
 */
export const MoveView = shape({
  id: Type.String(),
  number: Type.Integer(),
  server_id: Type.String(),
  server_name: nullable(Type.String()),
  type: Type.Enum(['resize', 'migration', 'live-migration', 'evacuation', 'unshelve', 'shelve']),
  status: Type.String(),
  source: nullable(Type.String()),
  target: nullable(Type.String()),
  step: nullable(Type.String()),
  progress: nullable(shape({ memory: Bytes, disk: Bytes })),
  started_at: Moment,
  updated_at: Moment,
});
export type MoveView = Static<typeof MoveView>;

/** Newest first. */
export const MovesReply = shape({ moves: Type.Array(MoveView) });
