/**
 * Records one step of a workflow: everything the transition names, in one transaction, or nothing.
 */
import type { Kysely } from 'kysely';
import type { Clock } from '#contracts/clock.ts';
import type { HostCommand } from '#contracts/host/host-link.ts';
import type { CommitResult, Transition } from '#contracts/store/store.ts';
import { recordProgress } from './tasks/actions.ts';
import { awaitsAnswer, insertCommand, recordAnswer } from './tasks/commands.ts';
import { insertDecision } from './servers/decisions.ts';
import { eraseServer } from './tasks/erasure.ts';
import type { LogEraser } from './sqlite/log/log-eraser.ts';
import type { RecordedChanges } from './hosts/host-changes.ts';
import { applyHostChange } from './hosts/hosts.ts';
import { insertMove, writeMove } from './moves/write-move.ts';
import { forgetNetworkEvents, hasNetworkEvent } from './tasks/network-events.ts';
import { refusePortInUse, removeNics, retireNics, writeNics } from './servers/nics.ts';
import { changePciRequests } from './servers/pci-requests.ts';
import { countPlacement, leaveGroup } from './servers/server-groups.ts';
import { serverColumns } from './rows/server-row.ts';
import { writeServer } from './rows/write-server.ts';
import type { ComputeTables } from './engine/tables.ts';
import { advanceTask, isDueAt } from './tasks/tasks.ts';
import { inTransaction } from './engine/transaction.ts';

type Db = Kysely<ComputeTables>;

/** Rolls the transaction back and carries the result to return. */
class Refused extends Error {
  readonly why: 'stale-host' | 'superseded';

  constructor(why: 'stale-host' | 'superseded') {
    super(why);
    this.why = why;
  }
}

export async function commitTransition(
  db: Db,
  { clock, eraser, recorded }: { clock: Clock; eraser: LogEraser; recorded: RecordedChanges },
  transition: Transition,
): Promise<CommitResult> {
  try {
    const now = clock.now();
    const { next, command } = await refusePortInUse(db, transition.nics ?? [], () =>
      inTransaction(db, (trx) => write(trx, transition, now)),
    );
    if (transition.host !== undefined) recorded.add(transition.host);
    if (isDeletion(transition) || transition.answer !== undefined) eraser.erased();
    return {
      ok: true,
      ...(transition.lease !== undefined && { isDue: isDueAt(next, now) }),
      ...(command !== undefined && { command }),
    };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, why: error.why };
    throw error;
  }
}

function isDeletion({ server }: Transition): boolean {
  return typeof server?.deletedAt === 'number';
}

interface Written {
  /** The next step with the time at which it is due. */
  next: Transition['next'];
  command: HostCommand | undefined;
}

async function write(trx: Db, transition: Transition, now: number): Promise<Written> {
  const { task, host, serverGroup, command, decision, events, actionMessage, outcome } = transition;
  const deleted = isDeletion(transition);
  const { answer } = transition;
  if (answer !== undefined && !(await recordAnswer(trx, task.serverId, answer))) {
    throw new Refused('superseded');
  }
  await forgetEvents(trx, transition, deleted);
  const next = await wokenNext(trx, transition, now);
  const { lease } = transition;
  if (!(await advanceTask(trx, task, { next, lease, now }))) throw new Refused('superseded');
  if (host !== undefined && !(await applyHostChange(trx, host, now)))
    throw new Refused('stale-host');
  if (serverGroup !== undefined && !(await countPlacement(trx, serverGroup))) {
    throw new Refused('stale-host');
  }
  await writeChanges(trx, transition, now);
  if (deleted || transition.freesPorts === true) await retireNics(trx, task.serverId);
  if (deleted) await leaveGroup(trx, task.serverId);
  if (deleted) await eraseServer(trx, task.serverId);
  const requestId = task.request?.requestId;
  const issued = command && (await insertCommand(trx, { ...command, requestId }));
  if (decision !== undefined) await insertDecision(trx, decision);
  if (transition.newMove !== undefined) await insertMove(trx, transition.newMove);
  if (transition.move !== undefined) await writeMove(trx, transition.move, now);
  await recordProgress(trx, task.actionId, {
    ...(events !== undefined && { events }),
    ...(actionMessage !== undefined && { message: actionMessage }),
    ...(outcome !== undefined && { outcome }),
    now,
  });
  return { next, command: issued };
}

async function forgetEvents(
  trx: Db,
  { task, seenEvents }: Transition,
  deleted: boolean,
): Promise<void> {
  if (deleted) return forgetNetworkEvents(trx, task.serverId);
  if (seenEvents !== undefined) await forgetNetworkEvents(trx, task.serverId, seenEvents);
}

/**
 * The next step; due at once when the answer it would wait for has come, no host was sent a
 * command, or the event has come.
 */
async function wokenNext(
  trx: Db,
  { task, next, command }: Transition,
  now: number,
): Promise<Transition['next']> {
  if (next?.awaits !== undefined && (await hasNetworkEvent(trx, task.serverId, next.awaits))) {
    return { ...next, dueAt: now };
  }
  if (next === null || command !== undefined) return next;
  if (next.dueAt !== null && next.awaitsAnswer !== true) return next;
  return (await awaitsAnswer(trx, task.serverId)) ? next : { ...next, dueAt: now };
}

async function writeChanges(trx: Db, transition: Transition, now: number): Promise<void> {
  const { task, server, nics, removedNics, newPciRequests, removedPciRequests } = transition;
  const { serverId } = task;
  if (server !== undefined) {
    await writeServer(trx, { updated_at: now, ...serverColumns(server) }, { serverId });
  }
  if (nics !== undefined) await writeNics(trx, serverId, nics);
  if (removedNics !== undefined) await removeNics(trx, serverId, removedNics);
  await changePciRequests(trx, serverId, {
    ...(newPciRequests !== undefined && { added: newPciRequests }),
    ...(removedPciRequests !== undefined && { removed: removedPciRequests }),
  });
}
