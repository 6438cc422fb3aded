/** Passes the embedded network service's port events to the compute side, which starts after it. */
import type { NetworkEvent } from '#contracts/services/network-events.ts';
import { takeNetworkEvent } from '#workflows/ports/take-network-event.ts';
import type { WorkflowContext } from '#workflows/engine/context.ts';

export class PortEvents {
  #compute: WorkflowContext | undefined;

  /** From here on events are kept. Earlier ones are covered by the read at the start. */
  connect(compute: WorkflowContext): void {
    this.#compute = compute;
  }

  /**
   * As `POST /os-server-external-events`: events of servers that are unknown or on no host are
   * dropped. The change itself has been made: no error.
   */
  readonly report = async (events: NetworkEvent[]): Promise<void> => {
    const compute = this.#compute;
    if (compute === undefined) return;
    for (const event of events) {
      try {
        const server = await compute.store.servers.get(event.serverId);
        if (server === undefined || server.deletedAt !== null || server.hostId === null) continue;
        await takeNetworkEvent(compute, event);
      } catch (error) {
        compute.log.error({ err: error, ...event }, 'a port event could not be stored');
      }
    }
  };
}
