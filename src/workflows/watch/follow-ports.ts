/**
 * Begins the workflow by which NICs of an idle server follow their ports, whose addresses or
 * settings have changed. A running guest's VFs are set by its host.
 */
import type { FollowPortsData } from '#contracts/store/task-data.ts';
import type { Server } from '#core/servers/server.ts';
import { startSystemTask } from '../engine/start-system-task.ts';
import { changePortAction, changesVf } from './change-vf.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { hostOf } from '../engine/server-of.ts';

/**
 * Begins it; does nothing while another workflow runs for the server. The events are kept for the
 * rest: further VFs, and those of a silent host.
 */
export async function beginFollowingPorts(
  context: WorkflowContext,
  server: Server,
  data: FollowPortsData,
): Promise<void> {
  const needing = data.moved.filter((each) => changesVf(server, each));
  // One VF at a time, so that a refusal is about one port.
  const chosen =
    needing.length > 0 && (await isReachable(context, server)) ? needing.slice(0, 1) : [];
  const moved = data.moved.filter((each) => !needing.includes(each) || chosen.includes(each));
  if (moved.length === 0) return;
  const needsHost = chosen.length > 0;
  const upTo = chosen.length === needing.length ? data.upTo : 0;
  await startSystemTask(context, server, {
    kind: 'follow-ports',
    step: 'follow',
    data: { moved, upTo, needsHost },
    action: needsHost ? changePortAction : null,
  });
}

async function isReachable(context: WorkflowContext, server: Server): Promise<boolean> {
  const host = await hostOf(context, server);
  return host !== undefined && context.links.isAlive(host);
}
