/** A move in progress, recorded as its workflow would have recorded it. */
import type { Move, NewMove, Task } from '#contracts/store/store.ts';
import type { MoveData } from '#contracts/store/task-data.ts';
import type { Server } from '#core/servers/server.ts';
import { type ComputeWorld, projectId } from '../worlds/compute-world.ts';
import { taskOf } from '../worlds/store-rows.ts';

interface Begun {
  server: Server;
  type: NewMove['type'];
  /** Its name in Nova. */
  action: string;
  source: Move['source'];
  target: { id: string; name: string };
  vmState: NewMove['context']['vmState'];
  step: Task<'move'>['step'];
  data?: Partial<MoveData>;
}

/** Ends the server's boot, and begins the move at this step, with its new host chosen. */
export async function beginMoveAt(
  { store, time }: ComputeWorld,
  { server, type, action, source, target, vmState, step, data: more }: Begun,
): Promise<void> {
  const serverId = server.id;
  await store.commit({ task: taskOf('boot', await store.tasks.of(serverId)), next: null });
  const by = { userId: 'user-1', projectId };
  const move: NewMove = {
    ...by,
    id: 'move-1',
    serverId,
    type,
    source,
    context: {
      vmState,
      arrivesOff: false,
      flavors: { before: server.flavor, after: server.flavor },
      requests: { before: [], after: [] },
      numa: null,
      nics: {},
    },
    createdAt: time.now,
  };
  const data = { moveId: move.id, forcedHost: null, availabilityZone: null, ...more };
  const next = { step, data, dueAt: time.now };
  const task = await store.tasks.begin(
    { ...next, kind: 'move', id: crypto.randomUUID(), serverId, actionId: 'action-1' },
    { ...by, id: 'action-1', serverId, action, requestId: 'req-1', startedAt: time.now },
    {},
    { onlyIdle: true, move },
  );
  await store.commit({ task, next, move: { id: move.id, status: 'migrating', target } });
}
