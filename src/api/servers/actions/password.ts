/** The action `changePassword`. Source: Nova `admin_password.py` and its libvirt driver. */
import { type Static, Type } from 'typebox';
import { closed } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { refuseLocked } from '../create/locked.ts';
import { findServer } from '../read/find.ts';

/** What libvirt can pass on: its texts end at a null character. */
const Password = Type.String({ maxLength: 1024, pattern: '^[^\\u0000]*$' });
const body = closed({ changePassword: closed({ adminPass: Password }) });
export const passwordBody = () => body;

/** 202 once the agent in the guest has set it. */
export async function changePassword(call: Call<Static<typeof body>>): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  const { adminPass: password } = call.body.changePassword;
  const { caller, context, requestId } = call;
  await context.workflows.setPassword(caller, server, { password, requestId });
  return { status: 202 };
}
