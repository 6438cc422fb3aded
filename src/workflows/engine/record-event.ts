/** Events of an instance action, as `openstack server event show` lists them. */
import type { ActionEvent } from '#contracts/store/store.ts';
import type { WorkflowContext } from './context.ts';

/**
 * An event that ends now: a success, or an error with its text. Example: `finishedEvent(context,
 * 'spawn', startedAt, { host })`.
 */
export function finishedEvent(
  context: WorkflowContext,
  name: string,
  startedAt: number,
  how: { host?: string; error?: string } = {},
): ActionEvent {
  return {
    name,
    startedAt,
    finishedAt: context.clock.now(),
    result: how.error === undefined ? 'Success' : 'Error',
    details: how.error ?? null,
    host: how.host ?? null,
  };
}
