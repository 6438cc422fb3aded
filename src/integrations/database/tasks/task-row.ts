/** Reads and writes one row of `tasks`. An unreadable row yields its problem. */
import type { Insertable, Selectable } from 'kysely';
import { Compile, type Validator } from 'typebox/compile';
import type {
  Lease,
  NewTask,
  StoredTask,
  Task,
  TaskDataOf,
  TaskKind,
  TaskStepOf,
} from '#contracts/store/task.ts';
import { invariant } from '#core/errors.ts';
import { faultOf, plainPhrasing } from '#runtime/schema-fault.ts';
import type { TaskRow } from '../engine/tables.ts';
import { taskData, taskSteps, taskVersion } from './task-schemas.ts';

/** The task is not leased. */
export const noLease = { leased_by: null, leased_until: null, leased_epoch: null };

/** The task is leased in this epoch. */
export function leaseColumns({ owner, until }: Lease, epoch: number) {
  return { leased_by: owner, leased_until: until, leased_epoch: epoch };
}

/** The row of a new task. */
export function newTaskRow({ lease, ...task }: NewTask): Insertable<TaskRow> {
  const epoch = 1;
  return {
    instance_uuid: task.serverId,
    uuid: task.id,
    kind: task.kind,
    step: task.step,
    epoch,
    ...(taskVersion > 1 && { version: taskVersion }),
    data: JSON.stringify(task.data),
    action_uuid: task.actionId,
    ...requestColumns(task),
    due_at: task.dueAt,
    ...(lease === undefined ? noLease : leaseColumns(lease, epoch)),
  };
}

/**
 * The task of a row that has not ended. Example of a problem: `the task of this server (boot, step
 * schedule) was written in version 7, and this Novella reads version 1`.
 */
export function readTask(row: Selectable<TaskRow>): StoredTask {
  const { kind, step, version } = row;
  invariant(step !== null, `task ${row.uuid} has ended`);
  const id = {
    id: row.uuid,
    serverId: row.instance_uuid,
    epoch: row.epoch,
    actionId: row.action_uuid,
    dueAt: row.due_at,
    ...requestOf(row),
  };
  const json = parse(row.data);
  const found = version > taskVersion ? 'its version is newer' : check({ kind, step, json });
  if (typeof found !== 'string') return { ...id, ...found };
  const data = json?.value ?? null;
  const written = `was written in version ${version}, and this Novella reads version ${taskVersion}`;
  const problem = `the task of this server (${kind}, step ${step}) ${written}: ${found}`;
  return { ...id, kind, step, data, problem };
}

function requestColumns({ request }: NewTask): Partial<Insertable<TaskRow>> {
  if (request === undefined) return {};
  return { request_id: request.requestId, global_request_id: request.globalRequestId ?? null };
}

function requestOf({
  request_id: requestId,
  global_request_id: globalRequestId,
}: Selectable<TaskRow>): Pick<Task, 'request'> {
  if (requestId == null) return {};
  return { request: { requestId, ...(globalRequestId != null && { globalRequestId }) } };
}

type Content = Pick<Task, 'kind' | 'step' | 'data'>;

/** The row's content, or why it cannot be read. */
function check({
  kind,
  step,
  json,
}: {
  kind: string;
  step: string;
  json: { value: unknown } | undefined;
}): Content | string {
  if (!isKind(kind)) return `it has no workflow ${kind}`;
  if (!isStep(kind, step)) return `${kind} has no step ${step}`;
  if (json === undefined) return 'its data is not JSON';
  const { value } = json;
  if (isData(kind, value)) return { kind, step, data: value };
  const checked = { value, schema: taskData[kind] };
  const { names, rule } = faultOf(checked, plainPhrasing);
  return `${['data', ...names].join('.')}: ${rule}`;
}

function parse(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined;
  }
}

function isKind(kind: string): kind is TaskKind {
  return Object.hasOwn(taskSteps, kind);
}

function isStep<Kind extends TaskKind>(kind: Kind, step: string): step is TaskStepOf[Kind] {
  return Object.hasOwn(taskSteps[kind], step);
}

function isData<Kind extends TaskKind>(kind: Kind, data: unknown): data is TaskDataOf[Kind] {
  return validatorOf(kind).Check(data);
}

const validators = new Map<TaskKind, Validator>();

function validatorOf(kind: TaskKind): Validator {
  const known = validators.get(kind);
  if (known !== undefined) return known;
  const validator = Compile(taskData[kind]);
  validators.set(kind, validator);
  return validator;
}
