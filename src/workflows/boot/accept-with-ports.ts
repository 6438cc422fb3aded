/**
 * Accepts servers whose NICs name networks: their ports are created before the request is answered.
 * Decision 0010.
 */
import type { Caller } from '#contracts/services/identity.ts';
import type { ServerQuota } from '#contracts/store/projects/quota-store.ts';
import type { NewServer, Task } from '#contracts/store/store.ts';
import { ComputeError, invariant, isComputeError } from '#core/errors.ts';
import type { ConfiguredQuotas } from '#core/quotas/limits.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { makeEvent, makePorts } from '../ports/make-ports.ts';
import { requestLease, requestOwner } from '../engine/begin-action.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { bootNaming } from '../ports/resolve-nics.ts';
import { deletePortsMadeFor } from '../removal/tear-down.ts';
import { asFailure } from '../engine/workflow.ts';

/**
 * `quota.minCount`: with this many, the others are dropped when a quota of the project is full.
 * Source: Nova `validate_networks`.
 */
export interface RequestedServers {
  newServers: readonly NewServer<'boot'>[];
  quota: ServerQuota;
  /** Of the created ports; absent: the network service's default. */
  securityGroupIds?: readonly string[] | undefined;
}

interface Accepting {
  newServer: NewServer<'boot'>;
  /** With its ports, once they are created. */
  server: Server;
  task: Task<'delete'>;
  startedAt: number;
}

/**
 * Stores the servers one after the other, creates their ports with the caller's token, and starts
 * their boots. Until then the task of each is its own deletion, leased by the request: a refused
 * request releases it, and an interrupted one loses it. Throws the network service's refusals; then
 * none of the servers is kept.
 */
export async function acceptWithPorts(
  context: WorkflowContext,
  caller: Caller,
  requested: RequestedServers,
): Promise<Server[]> {
  const { minCount } = requested.quota;
  const newServers = await withinQuota(context, requested);
  const accepting: Accepting[] = [];
  try {
    const refusal = await untilRefused(context, caller, { ...requested, newServers, accepting });
    const made = accepting.filter(hasPorts);
    const isEnough = isComputeError(refusal, 'overQuota') && made.length >= minCount;
    if (refusal !== undefined && !isEnough) throw refusal;
    const accepted = await boot(context, made);
    for (const each of accepting) if (!hasPorts(each)) await abandon(context, each, refusal);
    return accepted;
  } catch (error) {
    for (const each of accepting) await abandon(context, each, error);
    throw error;
  } finally {
    for (const { task, newServer } of accepting) {
      await context.store.tasks.release(task, requestOwner(context, newServer.action.requestId));
    }
  }
}

/** Those with quota before the first port is created. Throws `overQuota`. */
async function withinQuota(
  { store }: WorkflowContext,
  { newServers, quota }: RequestedServers,
): Promise<readonly NewServer<'boot'>[]> {
  return newServers.slice(0, await store.quotas.serversAllowed(newServers, quota));
}

function hasPorts({ server }: Accepting): boolean {
  return server.nics.every(({ portId }) => portId !== null);
}

/** Continues until all have their ports, or returns the error that prevents the next one's. */
async function untilRefused(
  context: WorkflowContext,
  caller: Caller,
  given: RequestedServers & { accepting: Accepting[] },
): Promise<unknown> {
  const { newServers, quota, accepting, securityGroupIds } = given;
  for (const newServer of newServers) {
    try {
      const each = await bornDeleting(context, newServer, quota.configured);
      accepting.push(each);
      const { server } = each;
      const request = { nics: server.nics, naming: bootNaming, securityGroupIds };
      each.server = { ...server, nics: await makePorts(context, caller, server, request) };
    } catch (error) {
      return error;
    }
  }
  return undefined;
}

async function bornDeleting(
  context: WorkflowContext,
  newServer: NewServer<'boot'>,
  configured: ConfiguredQuotas,
): Promise<Accepting> {
  const task = { ...newServer.task, kind: 'delete', step: 'remove-guest', data: {} } as const;
  const lease = requestLease(context, newServer.action.requestId);
  const deleting = { ...newServer, task: { ...task, lease } };
  const [server] = await context.store.servers.createWithin({ configured, minCount: 1 }, [
    deleting,
  ]);
  invariant(server, 'no server was made');
  return { newServer, server, task: { ...task, epoch: 1 }, startedAt: context.clock.now() };
}

/** Those that have not been deleted since. Throws `conflict` when there is none. */
async function boot(context: WorkflowContext, made: readonly Accepting[]): Promise<Server[]> {
  const accepted: Server[] = [];
  for (const { server, task, newServer, startedAt } of made) {
    const { kind, step, data } = newServer.task;
    const { nics } = server;
    const events = [finishedEvent(context, makeEvent, startedAt)];
    const next = { kind, step, data, dueAt: context.clock.now() };
    const { ok } = await context.store.commit({ task, nics, events, next });
    if (ok) accepted.push(server);
    else await deleteOrphanedPorts(context, server);
  }
  if (accepted.length > 0) return accepted;
  const ids = made.map(({ server }) => server.id).join(', ');
  throw new ComputeError('conflict', `instance ${ids} was deleted while its ports were made`);
}

/** Releases the deletion task. The user's own ports are free at once, for another request. */
async function abandon(
  context: WorkflowContext,
  { task, server, startedAt }: Accepting,
  error: unknown,
): Promise<void> {
  const { message } = asFailure(error);
  try {
    const { ok } = await context.store.commit({
      task,
      server: { taskState: 'deleting' },
      freesPorts: true,
      events: [finishedEvent(context, makeEvent, startedAt, { error: message })],
      actionMessage: message,
      next: { step: task.step, data: task.data, dueAt: context.clock.now() },
    });
    if (!ok) await deleteOrphanedPorts(context, server);
  } catch (failure) {
    context.log.warn(
      { err: failure, server: server.id },
      'the rejected server will be deleted when the lease of its request expires',
    );
  }
}

/** Another request has deleted the server, perhaps before its last port was created. */
async function deleteOrphanedPorts(context: WorkflowContext, server: Server): Promise<void> {
  try {
    await deletePortsMadeFor(context, server);
  } catch (error) {
    context.log.warn({ err: error, server: server.id }, 'ports of a deleted server may be left');
  }
}
