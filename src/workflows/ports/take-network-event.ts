/**
 * Accepts an event of the network service about a server's port: recorded first, then handled by
 * the workflow concerned.
 */
import type { NetworkEvent } from '#contracts/services/network-events.ts';
import type { WorkflowContext } from '../engine/context.ts';
import { plugStep } from './wait-for-plug.ts';

/** Returns once the event is stored, so that no later failure loses it. */
export async function takeNetworkEvent(
  { store, clock, wakeup }: WorkflowContext,
  event: NetworkEvent,
): Promise<void> {
  await store.networkEvents.record(event, { wakes: plugStep, now: clock.now() });
  wakeup.notify(event.kind === 'plugged' ? 'tasks' : 'network-events');
}
