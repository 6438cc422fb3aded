/**
 * Pending events of the network service about servers' ports. An event means only that the port
 * must be read.
 */
import type { NetworkEventKind } from '#core/networking/network-event.ts';

/** `portId` '': the event named no port. */
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
   * Keeps the event in place of an equal pending one. `plugged` counts only while a workflow runs
   * for the server: it makes the task at the step `wakes` due.
   */
  record(event: NetworkEvent, how: { wakes: string; now: number }): Promise<void>;
  /** Those of a server, oldest first. */
  of(serverId: string): Promise<KeptNetworkEvent[]>;
  /** Servers with events. `isBusy`: a workflow runs for it. */
  servers(): Promise<{ serverId: string; isBusy: boolean }[]>;
  /** Marks all events of a server up to this id as handled. A step does that with its commit. */
  forget(serverId: string, upTo: number): Promise<void>;
}
