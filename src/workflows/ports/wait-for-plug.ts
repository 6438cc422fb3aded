/**
 * Step of a boot and of an attach: waits for ports that another party wires. An event of the
 * network service makes the step due; only the current status of the port counts. A lost event
 * costs time only: the step polls, with growing pauses.
 */
import type { NextStep, Task, TaskStepOf } from '#contracts/store/store.ts';
import type { PlugData } from '#contracts/store/task-data.ts';
import { ComputeError, invariant, isComputeError } from '#core/errors.ts';
import { plugState, unwiredMessage } from '#core/networking/plug.ts';
import type { Port } from '#core/networking/port.ts';
import type { Server, ServerNic } from '#core/servers/server.ts';
import { backoffMs } from '#runtime/backoff.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { nicsWithChangedPorts, portsToFollow } from './changed-ports.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { serverOf } from '../engine/server-of.ts';
import type { StepContinues, StepOutcome, WorkflowStep } from '../engine/workflow.ts';

/** Its name in every workflow that has it; an event wakes this step. */
export const plugStep = 'wait-for-plug' satisfies TaskStepOf['boot'] & TaskStepOf['attach'];

/** Its name in the list of a server's actions. */
export const plugEvent = 'plug_ports';

/** Workflows that wait for the wiring of ports. */
type PlugKind = 'boot' | 'attach';

/**
 * Begins the wait after the host has done its part; undefined where there is nothing to wait for.
 * Its event is in the server's list from now on: it shows why the server is not ready.
 */
export function plugWait<Kind extends PlugKind>(
  context: WorkflowContext,
  task: Task<Kind>,
): StepContinues<Kind> | undefined {
  const { unwired = [] } = task.data;
  const { plugTimeoutMs } = context.settings;
  if (unwired.length === 0 || plugTimeoutMs === 0) return undefined;
  const startedAt = context.clock.now();
  const plug = { startedAt, deadline: startedAt + plugTimeoutMs, looks: 0 };
  const event = { name: plugEvent, startedAt, finishedAt: null, result: null };
  return {
    next: parked(context, task, plug),
    events: [{ ...event, details: null, host: null }],
  };
}

/** When the step of a task began, which may be the wait; otherwise the given time. */
export function plugStart(task: Task<PlugKind>, otherwise: number): number {
  const { plug } = task.data;
  return task.step === plugStep && plug !== undefined ? plug.startedAt : otherwise;
}

/** Agents need seconds. After an event that came before the status did, the next poll is soon. */
const firstPauseMs = 10_000;
const laterPauses = { firstMs: 2_000, longestMs: 30_000 };

function parked<Kind extends PlugKind>(
  context: WorkflowContext,
  task: Task<Kind>,
  plug: NonNullable<PlugData['plug']>,
): NextStep<Kind> {
  const pauseMs = plug.looks === 0 ? firstPauseMs : backoffMs(laterPauses, plug.looks - 1);
  return {
    step: plugStep,
    data: { ...task.data, plug },
    dueAt: Math.min(plug.deadline, context.clock.now() + pauseMs),
    awaits: 'plugged',
  };
}

/**
 * The step; `whenWired` returns what follows. Throws when the wait has failed: `unavailable`, or
 * `invalid` where another host would not help. NICs whose port has changed are updated too, because
 * the ports are read anyway.
 */
export function waitForPlug<Kind extends PlugKind>(
  whenWired: (context: WorkflowContext, task: Task<Kind>, host: string) => StepOutcome<Kind>,
): WorkflowStep<Kind>['run'] {
  return async (context, task) => {
    const { unwired = [], plug } = task.data;
    invariant(plug, `task ${task.id} is at wait-for-plug, but has no plug data`);
    // Events first: this read does not cover later ones.
    const events = await context.store.networkEvents.of(task.serverId);
    const server = await serverOf(context, task);
    const host = server.hostName ?? '';
    const now = context.clock.now();
    // A clock that has gone back does not make the wait longer than a full one from now.
    const deadline = Math.min(plug.deadline, now + context.settings.plugTimeoutMs);
    const isLate = now >= deadline;
    const read = await readPorts(context, server, isLate);
    const next = parked(context, task, { ...plug, deadline, looks: plug.looks + 1 });
    if (read === undefined) return { next };
    const found = plugState(unwired, read.ports, host);
    if (found.state === 'hopeless') {
      throw new ComputeError(found.sameElsewhere ? 'invalid' : 'unavailable', found.message);
    }
    if (found.state === 'waiting' && isLate) {
      const seconds = context.settings.plugTimeoutMs / 1000;
      throw new ComputeError('unavailable', unwiredMessage(found.ports, host, seconds));
    }
    const seen = {
      nics: read.moved,
      // A port that no longer exists is handled once the server is idle.
      seenEvents: { kinds: ['plugged', 'changed'] as const, upTo: events.at(-1)?.id ?? 0 },
    };
    if (found.state === 'waiting') return { ...seen, next };
    const wired = whenWired(context, task, host);
    const event = finishedEvent(context, plugEvent, plug.startedAt, { host });
    return { ...seen, ...wired, events: [event, ...(wired.events ?? [])] };
  };
}

/** undefined: the network service does not answer now. Throws that once it is too late to retry. */
async function readPorts(
  context: WorkflowContext,
  server: Server,
  isLate: boolean,
): Promise<{ ports: Port[]; moved: ServerNic[] } | undefined> {
  try {
    const ports = await portsToFollow(context, server.id);
    return { ports, moved: await nicsWithChangedPorts(context, server, ports) };
  } catch (error) {
    if (isLate || !isComputeError(error, 'unavailable')) throw error;
    context.log.warn({ server: server.id, error: error.message }, 'ports cannot be read');
    return undefined;
  }
}
