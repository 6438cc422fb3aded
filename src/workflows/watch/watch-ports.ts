/**
 * Handles the network service's events about ports of idle servers: reads the server's ports once,
 * and begins what follows from them. Servers with a running workflow come later: it may read the
 * ports itself, and alone decides while it runs.
 */
import type { KeptNetworkEvent } from '#contracts/services/network-events.ts';
import { isComputeError } from '#core/errors.ts';
import type { Server } from '#core/servers/server.ts';
import { attachable } from '../nics/attach-interface.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { beginDetach } from '../nics/detach-interface.ts';
import { beginFollowingPorts } from './follow-ports.ts';
import { pollLoop, type PollLoop } from '../engine/poll-loop.ts';
import { nicsWithChangedPorts, nicWithoutPort, portsToFollow } from '../ports/changed-ports.ts';
import { plugStep } from '../ports/wait-for-plug.ts';

/** The pause while the network service does not answer. */
const pauseMs = 5_000;

export interface PortWatchOptions {
  /** How often it polls for what a lost wake-up missed. */
  pollMs: number;
  /** Whether ports may have changed without an event received by any controller; default: yes. */
  mayHaveMissed?: boolean;
}

/**
 * Starts watching. The ports of every server are read once, one server after the other, as soon as
 * this controller is the first: it cannot know whether another one ran all the time before.
 */
export function watchPorts(
  context: WorkflowContext,
  { pollMs, mayHaveMissed = true }: PortWatchOptions,
): PollLoop {
  const { store, clock, log, wakeup } = context;
  let notBefore = 0;
  let missed = mayHaveMissed;
  /** Of the servers whose workflows the events wait for. */
  const unlisten = new Map<string, () => void>();
  const pollAtEnd = (serverId: string): void => {
    if (unlisten.has(serverId)) return;
    const ended = (): void => {
      unlisten.get(serverId)?.();
      unlisten.delete(serverId);
      polling.wake();
    };
    unlisten.set(serverId, wakeup.listen(`ended:${serverId}`, ended));
  };
  const options = { topic: 'network-events', pollMs, failing: 'ports cannot be watched' } as const;
  const polling = pollLoop(context, options, async () => {
    if (context.peers?.isFirst() === false) return;
    if (missed) await suspectAll(context);
    missed = false;
    if (clock.now() < notBefore) return;
    for (const { serverId, isBusy } of await store.networkEvents.servers()) {
      if (isBusy) {
        pollAtEnd(serverId);
        continue;
      }
      try {
        await handleEvents(context, serverId);
      } catch (error) {
        log.warn({ err: error, server: serverId }, 'ports cannot be followed; will try again');
        notBefore = clock.now() + pauseMs;
        if (isComputeError(error, 'unavailable')) return;
      }
    }
  });
  return {
    ...polling,
    async stop() {
      await polling.stop();
      for (const end of unlisten.values()) end();
    },
  };
}

/** As if there were an event for every server. */
async function suspectAll({ store, clock }: WorkflowContext): Promise<void> {
  const servers = await store.servers.list({});
  for (const { id: serverId } of servers.filter(hasGuest)) {
    const event = { serverId, kind: 'changed', portId: '' } as const;
    await store.networkEvents.record(event, { wakes: plugStep, now: clock.now() });
  }
}

async function handleEvents(context: WorkflowContext, serverId: string): Promise<void> {
  const { store } = context;
  // Events first: this read does not cover later ones.
  const events = await store.networkEvents.of(serverId);
  const upTo = events.at(-1)?.id ?? 0;
  const server = await store.servers.get(serverId);
  // No workflow waits for a port to be plugged any more.
  const concerns = ({ kind, portId }: KeptNetworkEvent) =>
    kind !== 'plugged' &&
    server?.nics.some((nic) => nic.vif !== null && (portId === '' || nic.portId === portId));
  if (server === undefined || !hasGuest(server) || !events.some(concerns)) {
    return store.networkEvents.forget(serverId, upTo);
  }
  // In a state in which no NIC can be removed, the events wait for its end.
  if (server.taskState !== null || !attachable.includes(server.vmState)) return;
  const ports = await portsToFollow(context, serverId);
  const deleted = events.filter(({ kind }) => kind === 'deleted');
  const reported = new Set(deleted.map(({ portId }) => portId));
  const orphan = await nicWithoutPort(context, server, { ports, reported });
  if (orphan !== undefined) return beginDetach(context, server, orphan);
  const networksToo = events.some(({ kind, portId }) => kind === 'changed' && portId === '');
  const nics = await nicsWithChangedPorts(context, server, ports, { networksToo });
  const moved = nics.flatMap(({ id: nicId, vif: now }) => {
    const before = server.nics.find(({ id }) => id === nicId)?.vif;
    return now !== null && before != null ? [{ nicId, before, now }] : [];
  });
  if (moved.length === 0) return store.networkEvents.forget(serverId, upTo);
  await beginFollowingPorts(context, server, { moved, upTo });
}

function hasGuest({ deletedAt, hostId }: Server): boolean {
  return deletedAt === null && hostId !== null;
}
