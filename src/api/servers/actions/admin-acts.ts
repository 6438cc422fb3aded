/**
 * Actions of administrators on a server's record, and those of deferred deletion, which is off.
 * Source: Nova `admin_actions.py`, `deferred_delete.py`.
 */
import { type Static, Type } from 'typebox';
import { ComputeError } from '#core/errors.ts';
import { refuseState } from '#workflows/engine/begin-action.ts';
import * as field from '../../requests/fields.ts';
import { closed } from '../../requests/json-schema.ts';
import type { BodySchema, Call, Reply } from '../../requests/route.ts';
import { refuseLocked } from '../create/locked.ts';
import { findServer, findServerToDelete } from '../read/find.ts';

/** `{ACTION: …}`, with any value, which is ignored. */
export function anyBody(action: string): BodySchema {
  const schema = closed({ [action]: Type.Unknown() });
  return () => schema;
}

const resetSchema = closed({
  'os-resetState': closed({ state: field.oneOf(['active', 'error']) }),
});
export const resetBody = () => resetSchema;

export async function resetState(call: Call<Static<typeof resetSchema>>): Promise<Reply> {
  const server = await findServer(call);
  const { state } = call.body['os-resetState'];
  const { requestId, caller } = call;
  await call.context.workflows.resetState(caller, server, { state, requestId });
  return {};
}

/** As DELETE: nothing is kept for a later restore. */
export async function forceDelete(call: Call): Promise<Reply> {
  const server = await findServerToDelete(call);
  refuseLocked(call, server);
  await call.context.workflows.deleteServer(call.caller, server, call.requestId);
  return {};
}

/** No server is ever soft-deleted, so each is in a wrong state. */
export async function restoreServer(call: Call): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  refuseState(server, 'restore', []);
  return {};
}

/** libvirt's guests read their network data from the config drive: there is nothing to inject. */
export async function injectNetworkInfo(call: Call): Promise<Reply> {
  const server = await findServer(call);
  if (server.hostId !== null) return {};
  throw new ComputeError('conflict', `Instance ${server.id} is not ready: it is on no host`);
}

/** Of the Xen driver, which Nova has no more. */
export async function resetNetwork(): Promise<Reply> {
  throw new ComputeError(
    'gone',
    'This action only works with the Xen virt driver, which was deprecated in the 20.0.0 (Train) release. It was removed in the 23.0.0 (Wallaby) release.',
  );
}
