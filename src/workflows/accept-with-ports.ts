/** Accepts servers whose NICs name networks: their ports are made before the request is answered. */
import type { Caller } from '#contracts/identity.ts';
import type { NewServer, Task } from '#contracts/store.ts';
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import type { WorkflowContext } from './context.ts';
import type { DeleteData } from './delete-server.ts';
import { leaseOf, letGo, makeEvent, makePorts } from './make-ports.ts';
import { finishedEvent } from './record-event.ts';
import { bootNaming } from './resolve-nics.ts';
import { together } from './together.ts';

interface Accepting {
  wish: NewServer;
  server: Server;
  task: Task;
}

/**
 * Stores the servers, makes their ports with the caller's token, and lets them boot. Until then the task of each is its own deletion, leased by
 * the request: one that is refused hands it on, and one that is cut off loses it. Throws what the network service refuses, for the first NIC of
 * which it does; then none of the servers stays.
 */
export async function acceptWithPorts(
  context: WorkflowContext,
  caller: Caller,
  wishes: readonly NewServer[],
): Promise<Server[]> {
  const accepting: Accepting[] = [];
  try {
    for (const wish of wishes) accepting.push(await bornDeleting(context, wish));
    return await accept(context, caller, accepting);
  } catch (error) {
    await together(accepting, (each) => takeBack(context, each, error));
    throw error;
  } finally {
    await together(accepting, ({ task, wish }) =>
      context.store.tasks.release(task, wish.action.requestId),
    );
  }
}

async function bornDeleting(context: WorkflowContext, wish: NewServer): Promise<Accepting> {
  const task = { ...wish.task, kind: 'delete', step: 'destroy-guest', data: {} } as const;
  const lease = leaseOf(context, wish.action.requestId);
  const server = await context.store.servers.create({ ...wish, task: { ...task, lease } });
  return { wish, server, task: { ...task, epoch: 1 } };
}

async function accept(
  context: WorkflowContext,
  caller: Caller,
  accepting: readonly Accepting[],
): Promise<Server[]> {
  const startedAt = context.clock.now();
  const made = await together(accepting, async (each) => {
    const { server } = each;
    const asked = { nics: server.nics, naming: bootNaming };
    return { ...each, nics: await makePorts(context, caller, server, asked) };
  });
  const accepted: Server[] = [];
  for (const { server, task, wish, nics } of made) {
    const { kind, step, data } = wish.task;
    const dueAt = context.clock.now();
    const events = [finishedEvent(context, makeEvent, startedAt)];
    const next = { kind, step, data, dueAt };
    const { ok } = await context.store.commit({ task, nics, events, next });
    if (ok) accepted.push({ ...server, nics });
    else await letGo(context, nics);
  }
  if (accepted.length > 0 || accepting.length === 0) return accepted;
  const ids = accepting.map(({ server }) => server.id).join(', ');
  throw new ComputeError('conflict', `instance ${ids} was deleted while its ports were made`);
}

/** The user's own ports are free at once, to ask again with. A port whose creation was not answered may come after the deletion has looked. */
async function takeBack(
  context: WorkflowContext,
  { task }: Accepting,
  error: unknown,
): Promise<void> {
  const message = error instanceof Error ? error.message : String(error);
  const now = context.clock.now();
  const data: DeleteData = { portsMayCome: isComputeError(error, 'unavailable') };
  await context.store.commit({
    task,
    server: { taskState: 'deleting' },
    freesPorts: true,
    events: [finishedEvent(context, makeEvent, now, { error: message })],
    actionMessage: message,
    next: { step: task.step, data, dueAt: now },
  });
}
