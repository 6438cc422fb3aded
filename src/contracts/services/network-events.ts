/**
 * Events of the network service about servers' ports that nobody has acted on yet. An event says
 * only that the port must be read.
 */
import type { NetworkEventKind } from '#core/networking/network-event.ts';

/** `portId` '': the event named none. */
export interface NetworkEvent {
  serverId: string;
  kind: NetworkEventKind;
  portId: string;
}

/** `id` grows from event to event. */
export interface KeptNetworkEvent extends NetworkEvent {
  id: number;
}

export interface NetworkEventStore {
  /**
   * Keeps the event; an equal one that waits already gives way to it. `plugged` counts only while a
   * workflow runs for the server: it makes the task due that stands at the step `wakes`, and is
   * forgotten when the workflow ends.
   */
  record(event: NetworkEvent, how: { wakes: string; now: number }): Promise<void>;
  /** Those of a server, oldest first. */
  of(serverId: string): Promise<KeptNetworkEvent[]>;
  /** Servers with events for which no workflow runs. */
  idleServers(): Promise<string[]>;
  /** All of a server up to this id have been seen to. A step does that with its commit. */
  forget(serverId: string, upTo: number): Promise<void>;
}
