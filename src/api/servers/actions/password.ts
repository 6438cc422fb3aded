/** The action `changePassword`. Source: Nova `admin_password.py` and its libvirt driver. */
import { type Static, Type } from 'typebox';
import { ComputeError } from '#core/errors.ts';
import { refuseState } from '#workflows/engine/begin-action.ts';
import { isSet } from '../../requests/fields.ts';
import { closed } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { refuseLocked } from '../create/locked.ts';
import { findServer } from '../read/find.ts';

const body = closed({ changePassword: closed({ adminPass: Type.String() }) });
export const passwordBody = () => body;

/**
 * Only the agent in a guest can set its password, and Novella connects none: `conflict` for a guest
 * whose image has none, and `notImplemented`, as for one that does not answer, for others.
 */
export async function changePassword(call: Call<Static<typeof body>>): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  refuseState(server, 'changePassword', ['active']);
  if (!isSet(server.imageProperties['hw_qemu_guest_agent'])) {
    throw new ComputeError('conflict', 'QEMU guest agent is not enabled');
  }
  throw new ComputeError(
    'notImplemented',
    'Unable to set password on instance: guest agents are not supported yet',
  );
}
