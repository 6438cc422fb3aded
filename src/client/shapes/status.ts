/** Disks and work of the controller in the replies of the operator API. */
import { type Static, Type } from 'typebox';
import { Moment, nullable, shape } from './shape.ts';

/** Room on one file system of the controller. `uses`: what it keeps there. */
export const DiskView = shape({
  uses: Type.Array(Type.String()),
  free_bytes: Type.Integer(),
  size_bytes: Type.Integer(),
});
export type DiskView = Static<typeof DiskView>;

/**
 * A task in progress. `started_at` null: not started by a request; `due_at` null: it waits for its
 * host.
 */
export const TaskView = shape({
  server_id: Type.String(),
  kind: Type.String(),
  step: Type.String(),
  state: Type.Enum(['running', 'queued', 'waiting', 'host']),
  started_at: nullable(Moment),
  due_at: nullable(Moment),
});
export type TaskView = Static<typeof TaskView>;

/**
 * The tasks are counted by state; the oldest of them are named. A host may count more than once in
 * `host_counts`: as down and as disabled.
 */
export const ControllerStatus = shape({
  /** The process that answers. */
  controller: shape({ version: Type.String(), started_at: Moment }),
  /** All that share the database, by their starts. `answers`: is it the process that answers? */
  controllers: Type.Array(
    shape({
      /** null: it is the only one, and has no name. */
      name: nullable(Type.String()),
      version: Type.String(),
      started_at: Moment,
      answers: Type.Boolean(),
    }),
  ),
  /** In force here, by key of novella.yaml: those without secrets. */
  settings: Type.Array(shape({ key: Type.String(), value: Type.String() })),
  host_counts: shape({
    up: Type.Integer(),
    /** Those that an operator forced down are counted apart. */
    down: Type.Integer(),
    forced_down: Type.Integer(),
    disabled: Type.Integer(),
    with_problems: Type.Integer(),
  }),
  disks: Type.Array(DiskView),
  tasks: shape({
    running: Type.Integer(),
    queued: Type.Integer(),
    waiting: Type.Integer(),
    host: Type.Integer(),
    oldest: Type.Array(TaskView),
  }),
});
export type ControllerStatus = Static<typeof ControllerStatus>;
