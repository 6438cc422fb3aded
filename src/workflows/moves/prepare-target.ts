/**
 * The steps before a running guest leaves: its files are offered, and the new host prepares for it.
 * For a live migration it fetches them, checks whether it can run the guest, and expects it; else
 * it fetches what does not change while the guest runs. A failure here touches nothing of it.
 */
import type { Host, NextStep, Task } from '#contracts/store/store.ts';
import { invariant } from '#core/errors.ts';
import type { ServerNic } from '#core/servers/server.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { serverOf } from '../engine/server-of.ts';
import type { StepOutcome } from '../engine/workflow.ts';
import { answerOf, targetOf } from './move-guest.ts';
import { guestOnSide, keepsFiles, moveOf, nicsOn, type Side } from './sides.ts';

type MoveStep = (context: WorkflowContext, task: Task<'move'>) => Promise<StepOutcome<'move'>>;

/** Throws the old host's error. */
export const offered: MoveStep = async (context, task) => {
  const { output: files = '' } = await answerOf(context, task, ['offer']);
  const { server, move, source, host, guest } = await partsOf(context, task, 'after');
  const mtus = mtusOf(nicsOn(server, move, 'after'));
  const isLive = move.type === 'live-migration';
  const now = context.clock.now();
  return {
    command: {
      hostId: host.id,
      serverId: server.id,
      body: {
        do: isLive ? 'expect' : 'prefetch',
        guest,
        from: source.name,
        files,
        mtus,
        ...keepsFiles(move),
      },
    },
    events: [finishedEvent(context, 'offer_files', task.data.startedAt ?? now)],
    next: {
      step: isLive ? 'expected' : 'prefetched',
      data: { ...task.data, files, startedAt: now, targetMayHaveGuest: true },
      dueAt: null,
    },
  };
};

/** Commands the old host to shut the guest down. Throws the new host's error. */
export const prefetched: MoveStep = async (context, task) => {
  await answerOf(context, task, ['prefetch']);
  const { server, source, host, guest } = await partsOf(context, task, 'before');
  return {
    server: { taskState: 'resize_migrating' },
    command: {
      hostId: source.id,
      serverId: server.id,
      body: { do: 'move-out', guest, to: host.name },
    },
    ...leaving(context, task, host),
  };
};

/** Commands the old host to send the guest. Throws the new host's error: its failed checks. */
export const expected: MoveStep = async (context, task) => {
  const { output: arrival = '' } = await answerOf(context, task, ['expect']);
  const { server, source, host, guest } = await partsOf(context, task, 'before');
  return {
    command: {
      hostId: source.id,
      serverId: server.id,
      body: { do: 'move-out', guest, to: host.name, arrival },
    },
    ...leaving(context, task, host),
  };
};

/** The new host is prepared, and the old one is to answer next. */
function leaving(
  context: WorkflowContext,
  { data }: Task<'move'>,
  { name }: Host,
): Pick<StepOutcome<'move'>, 'events'> & { next: NextStep<'move'> } {
  const now = context.clock.now();
  return {
    events: [finishedEvent(context, 'prepare_target', data.startedAt ?? now, { host: name })],
    next: {
      step: 'source-left',
      data: { ...data, startedAt: now, sourceMayBeOut: true },
      dueAt: null,
    },
  };
}

/** The server, both hosts, and the guest as it is on that side. */
async function partsOf(context: WorkflowContext, task: Task<'move'>, side: Side) {
  const server = await serverOf(context, task);
  const move = await moveOf(context, task);
  const { source } = move;
  invariant(source, `the move ${move.id} has no old host`);
  const host = await targetOf(context, move);
  return { server, move, source, host, guest: await guestOnSide(context, server, move, side) };
}

/** Of the networks, by port; those that are not known are left out. */
function mtusOf(nics: readonly ServerNic[]): Record<string, number> {
  const known = nics.flatMap(({ vif }): [string, number][] => {
    const mtu = vif?.network.mtu ?? 0;
    return vif == null || mtu === 0 ? [] : [[vif.portId, mtu]];
  });
  return Object.fromEntries(known);
}
