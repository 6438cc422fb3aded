/**
 * Step: binds every NIC's port to the host (and to its VF), and commands the host to start the
 * guest.
 */
import type { Task } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { awaitsWiring } from '#core/networking/plug.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { guestOn } from '../placement/guest-of.ts';
import { finishedEvent } from '../engine/record-event.ts';
import { hostOf, serverOf } from '../engine/server-of.ts';
import { type StepOutcome } from '../engine/workflow.ts';
import { bindNics } from '../ports/bind-nics.ts';

/**
 * Binds, reads each port back, and commands the host. Throws the network service's refusals, in
 * plain English.
 */
export async function bindPorts(
  context: WorkflowContext,
  task: Task<'boot'>,
): Promise<StepOutcome<'boot'>> {
  const startedAt = context.clock.now();
  const server = await serverOf(context, task);
  const host = await hostOf(context, server, task.data.claimedAt);
  if (host === undefined) throw new ComputeError('bug', 'bind-ports: no host was chosen');
  const bound = await bindNics(context, task, {
    server,
    host,
    nics: server.nics,
    devicePorts: task.data.devicePorts,
  });
  const nics = bound.map(({ nic }) => nic);
  const unwired = bound.filter(({ port }) => awaitsWiring(port)).map(({ port }) => port.id);
  const guest = await guestOn(context, { ...server, nics }, host);
  const now = context.clock.now();
  return {
    nics,
    command: {
      hostId: host.id,
      serverId: server.id,
      body: { do: 'spawn', guest },
    },
    events: [finishedEvent(context, 'bind_ports', startedAt, { host: host.name })],
    next: { step: 'guest-started', data: { ...task.data, startedAt: now, unwired }, dueAt: null },
  };
}
