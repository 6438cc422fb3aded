/** Two steps by which one host of a move removes its guest, or turns out to be silent. */
import type { Task, TaskStepOf } from '#contracts/store/store.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { retryLater } from '../engine/retry-later.ts';
import type { StepOutcome } from '../engine/workflow.ts';
import { keepsFiles, moveOf } from './sides.ts';

type Step = TaskStepOf['move'];

/** `command` requests the removal, `wait` handles the answer, `then` follows; `event`: its name. */
interface Removal {
  command: Step;
  wait: Step;
  following: Step;
  event: string;
  /** May its guest run? The move then waits for the host, unless that is forced down. */
  mustAnswer?: (context: WorkflowContext, task: Task<'move'>) => Promise<boolean>;
}

type RemovalStep = (
  context: WorkflowContext,
  task: Task<'move'>,
  hostId: string,
) => Promise<StepOutcome<'move'>>;

/** The steps. A host that is silent is not waited for: what it holds stays held. */
export function removalFrom({
  command: again,
  wait,
  following,
  event,
  mustAnswer = () => Promise.resolve(false),
}: Removal): Record<'remove' | 'removed', RemovalStep> {
  const waiting = async (
    context: WorkflowContext,
    task: Task<'move'>,
    hostId: string,
  ): Promise<StepOutcome<'move'>['next'] & object> => {
    const now = context.clock.now();
    const host = await context.fleet.host(context.store.hosts, hostId);
    const isWaitedFor = host !== undefined && !host.forcedDown && (await mustAnswer(context, task));
    if (!isWaitedFor && (host === undefined || !context.links.isAlive(host))) {
      return { step: following, data: { ...task.data, isSilent: true }, dueAt: now };
    }
    const data = { startedAt: now, ...task.data };
    const dueAt = now + context.settings.hostTimeoutMs;
    return { step: wait, data, dueAt, awaitsAnswer: true };
  };
  return {
    async remove(context, task, hostId) {
      const { startedAt: _, ...data } = task.data;
      const kept = keepsFiles(await moveOf(context, task));
      return {
        command: {
          hostId,
          serverId: task.serverId,
          body: { do: 'destroy', guestId: task.serverId, ...kept },
        },
        next: await waiting(context, { ...task, data }, hostId),
      };
    },
    async removed(context, task, hostId) {
      const { serverId } = task;
      const removal = await context.store.commands.lastOn({ hostId, serverId }, 'destroy');
      const now = context.clock.now();
      const { startedAt = now } = task.data;
      const result = removal?.result;
      if (result == null) return { next: await waiting(context, task, hostId) };
      if (result.ok) {
        return {
          events: [finishedEvent(context, event, startedAt)],
          next: { step: following, data: task.data, dueAt: now },
        };
      }
      context.log.warn({ server: task.serverId, error: result.message }, 'guest not removed');
      return {
        events: [finishedEvent(context, event, startedAt, { error: result.message })],
        next: retryLater(task, now, again),
      };
    },
  };
}
