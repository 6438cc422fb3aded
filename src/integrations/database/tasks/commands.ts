/** Commands for hosts and their results. `commit` writes the rows. */
import type { Insertable, Kysely, Selectable, Updateable } from 'kysely';
import {
  type CommandResult,
  type HostCommand,
  type HostCommandBody,
  questions,
} from '#contracts/host/host-link.ts';
import type {
  Answer,
  CommandStore,
  Lease,
  NewCommand,
  StoredCommand,
} from '#contracts/store/store.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import type { LogEraser } from '../sqlite/log/log-eraser.ts';
import { erasedBody } from './erasure.ts';
import { keepUnlinked } from '../rows/current-link.ts';
import { defining, dropSuperseded } from './superseded-commands.ts';
import { prepared, preparedChange } from '../rows/prepared.ts';
import { readRows } from '../rows/readable-rows.ts';
import { isInList } from '../engine/dialect.ts';
import type { ComputeTables, HostCommandRow } from '../engine/tables.ts';
import { makeTaskDue } from './tasks.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

export function commandStore(
  { db, unsynced, onDisk }: { db: Db; unsynced: Db; onDisk: () => Promise<void> },
  eraser: LogEraser,
): Omit<CommandStore, 'ask' | 'answer' | 'forget' | 'forgetQuestions'> {
  const pendingOf = async (hostIds: readonly string[]): Promise<Map<string, HostCommand[]>> => {
    const commands = await readPending(db, hostIds);
    // A command that was sent and then lost would leave its number to another one.
    await onDisk();
    return commands;
  };
  return {
    pending: async (hostId) => (await pendingOf([hostId])).get(hostId) ?? [],
    pendingOf,
    newestPending: async () => {
      const rows = await db
        .selectFrom('host_commands')
        .select((eb) => ['compute_node_id', eb.fn.max('seq').as('newest')])
        .where('succeeded', 'is', null)
        .groupBy('compute_node_id')
        .execute();
      return new Map(rows.map((row) => [row.compute_node_id, row.newest]));
    },
    complete: async (hostId, seq, result, { ifUnlinked, ...at }) => {
      const completed = { hostId, seq, result, lease: undefined, ...at };
      const task = await inTransaction(unsynced, async (trx) => {
        if (ifUnlinked !== undefined) {
          const sentUpTo = await keepUnlinked(trx, hostId);
          if (sentUpTo === undefined || (ifUnlinked.isNeverSent && seq <= sentUpTo))
            return undefined;
        }
        return complete(trx, completed);
      });
      eraser.erased();
      return task;
    },
    issue: (command) => inTransaction(db, (trx) => issueOnce(trx, command)),
    last: async (serverId, ...kinds) => {
      const { rows } = await newestOfKinds(db, { serverId, kinds: JSON.stringify(kinds) });
      return rows[0] && toCommand(rows[0]);
    },
    lastOn: async (at, ...kinds) => {
      const { rows } = await newestOnHost(db, { ...at, kinds: JSON.stringify(kinds) });
      return rows[0] && toCommand(rows[0]);
    },
  };
}

const pendingFor = prepared((db: Db, given: { hostIds: string }) =>
  db
    .selectFrom('host_commands')
    .select(['compute_node_id', 'seq', 'instance_uuid', 'body', 'request_id'])
    .where(isInList('compute_node_id', given.hostIds))
    .where('succeeded', 'is', null)
    .orderBy('seq'),
);

async function readPending(
  db: Db,
  hostIds: readonly string[],
): Promise<Map<string, HostCommand[]>> {
  const { rows } = await pendingFor(db, { hostIds: JSON.stringify(hostIds) });
  const commands = readRows('host_commands', rows, (row) => ({
    hostId: row.compute_node_id,
    command: {
      seq: row.seq,
      serverId: row.instance_uuid,
      body: JSON.parse(row.body) as HostCommandBody,
      ...(row.request_id != null && { requestId: row.request_id }),
    },
  }));
  const ofHost = Map.groupBy(commands, ({ hostId }) => hostId);
  return new Map([...ofHost].map(([id, all]) => [id, all.map(({ command }) => command)]));
}

const takeNumber = prepared((db: Db, given: { hostId: string }) =>
  db
    .updateTable('compute_nodes')
    .set((eb) => ({ last_command_seq: eb('last_command_seq', '+', 1) }))
    .where('uuid', '=', given.hostId)
    .returning('last_command_seq'),
);

const insert = preparedChange((db: Db, row: Insertable<HostCommandRow>) =>
  db.insertInto('host_commands').values(row),
);

/** Writes a command under the host's next number, and returns it as it would be read. */
export async function insertCommand(
  trx: Db,
  command: NewCommand,
  queriedBy?: string,
): Promise<HostCommand> {
  const { hostId, serverId, body, requestId } = command;
  const [host] = (await takeNumber(trx, { hostId })).rows;
  if (host === undefined) {
    throw new ComputeError('notFound', `command: no host ${hostId} exists`);
  }
  const text = JSON.stringify(body);
  const row = {
    compute_node_id: hostId,
    seq: host.last_command_seq,
    instance_uuid: serverId,
    kind: body.do,
    body: text,
    succeeded: null,
    result: null,
    queried_by: queriedBy,
    request_id: requestId,
  };
  await insert(trx, row, {});
  return {
    seq: row.seq,
    serverId,
    body: JSON.parse(text) as HostCommandBody,
    ...(requestId !== undefined && { requestId }),
  };
}

async function issueOnce(trx: Db, command: NewCommand): Promise<void> {
  const { hostId, serverId, body } = command;
  const waiting = await trx
    .selectFrom('host_commands')
    .select(['compute_node_id', 'kind'])
    .where('instance_uuid', '=', serverId)
    .where('kind', 'not in', questions)
    .where('succeeded', 'is', null)
    .orderBy('id', 'desc')
    .execute();
  const isIssued = waiting.some((one) => one.compute_node_id === hostId && one.kind === body.do);
  if (isIssued) return;
  // Its answer would be taken for that of the command that a workflow waits for.
  const [newest] = waiting;
  const isInTheWay = newest !== undefined && newest.compute_node_id !== hostId;
  if (!isInTheWay || !(await hasWorkflow(trx, serverId))) await insertCommand(trx, command);
}

async function hasWorkflow(trx: Db, serverId: string): Promise<boolean> {
  const running = await trx
    .selectFrom('tasks')
    .select('uuid')
    .where('instance_uuid', '=', serverId)
    .where('step', 'is not', null)
    .executeTakeFirst();
  return running !== undefined;
}

const newestOf = prepared((db: Db, given: { serverId: string }) =>
  db
    .selectFrom('host_commands')
    .select('succeeded')
    .where('instance_uuid', '=', given.serverId)
    .where('kind', 'not in', questions)
    .orderBy('id', 'desc')
    .limit(1),
);

/**
 * Whether the result of this server's newest command is pending. No task waits for that of an older
 * one.
 */
export async function awaitsAnswer(trx: Db, serverId: string): Promise<boolean> {
  const [newest] = (await newestOf(trx, { serverId })).rows;
  return newest !== undefined && newest.succeeded === null;
}

interface Completed {
  hostId: string;
  seq: number;
  result: CommandResult;
  now: number;
  lease: Lease | undefined;
}

const end = preparedChange(
  (db: Db, columns: Updateable<HostCommandRow>, given: { hostId: string; number: number }) =>
    db
      .updateTable('host_commands')
      .set(columns)
      .where('compute_node_id', '=', given.hostId)
      .where('seq', '=', given.number)
      .where('succeeded', 'is', null)
      .returning((eb) => {
        const newest = eb
          .selectFrom('host_commands as newest')
          .whereRef('newest.instance_uuid', '=', 'host_commands.instance_uuid')
          .where('newest.kind', 'not in', questions)
          .orderBy('newest.id', 'desc')
          .limit(1);
        return [
          'id',
          'instance_uuid',
          'kind',
          newest.select('newest.id').as('newestId'),
          newest.select('newest.succeeded').as('newestSucceeded'),
        ];
      }),
);

async function endCommand(trx: Db, { hostId, seq, result }: Answer) {
  const succeeded = result.ok ? 1 : 0;
  const columns = { succeeded, result: JSON.stringify(result), body: erasedBody };
  const [ended] = (await end(trx, columns, { hostId, number: seq })).rows;
  if (ended !== undefined) await dropSuperseded(trx, ended, result.ok);
  return ended;
}

/** False where it has a result already, or is not this server's newest command. */
export async function recordAnswer(trx: Db, serverId: string, answer: Answer): Promise<boolean> {
  const ended = await endCommand(trx, answer);
  return ended?.instance_uuid === serverId && ended.id === ended.newestId;
}

async function complete(
  trx: Db,
  { hostId, seq, result, now, lease }: Completed,
): ReturnType<CommandStore['complete']> {
  const ended = await endCommand(trx, { hostId, seq, result });
  if (ended === undefined || (questions as readonly string[]).includes(ended.kind)) {
    return undefined;
  }
  const { id, kind, instance_uuid: serverId, newestId, newestSucceeded } = ended;
  const isNewest = id === newestId;
  if (!isNewest && newestSucceeded === null) return undefined;
  const task = await makeTaskDue(trx, serverId, { lease, now });
  if (task === undefined) return undefined;
  const answer = { hostId, seq, serverId, kind: kind as StoredCommand['kind'], result };
  return { task, answer: isNewest ? answer : undefined };
}

/** `kinds`: as JSON. */
const newestOfKinds = prepared((db: Db, given: { serverId: string; kinds: string }) =>
  db
    .selectFrom('host_commands')
    .select(['compute_node_id', 'seq', 'instance_uuid', 'kind', 'result'])
    .where('instance_uuid', '=', given.serverId)
    .where(isInList('kind', given.kinds))
    .orderBy('id', 'desc')
    .limit(1),
);

const newestOnHost = prepared(
  (db: Db, given: { hostId: string; serverId: string; kinds: string }) =>
    db
      .selectFrom('host_commands')
      .select(['compute_node_id', 'seq', 'instance_uuid', 'kind', 'result'])
      .where('instance_uuid', '=', given.serverId)
      .where('compute_node_id', '=', given.hostId)
      .where(isInList('kind', given.kinds))
      .orderBy('id', 'desc')
      .limit(1),
);

type EndedRow = Pick<
  Selectable<HostCommandRow>,
  'compute_node_id' | 'seq' | 'instance_uuid' | 'kind' | 'result'
>;

function toCommand(row: EndedRow): StoredCommand {
  return {
    hostId: row.compute_node_id,
    seq: row.seq,
    serverId: row.instance_uuid,
    kind: row.kind as StoredCommand['kind'],
    result: row.result === null ? null : readResult(row.result),
  };
}

/** An unreadable result counts as an unknown outcome: the guest may exist. */
function readResult(text: string): CommandResult {
  try {
    return JSON.parse(text) as CommandResult;
  } catch (error) {
    const detail = errorText(error);
    return { ok: false, message: 'The answer of the host cannot be read.', detail, steps: [] };
  }
}

/** The domain XML returned by the server's newest such command that succeeded. */
export async function newestDomainXml(db: Db, serverId: string): Promise<string | undefined> {
  const row = await db
    .selectFrom('host_commands')
    .select('result')
    .where('instance_uuid', '=', serverId)
    .where('kind', 'in', defining)
    .where('succeeded', '=', 1)
    .orderBy('id', 'desc')
    .limit(1)
    .executeTakeFirst();
  if (row === undefined || row.result === null) return undefined;
  const result = readResult(row.result);
  return result.ok ? result.domainXml : undefined;
}
