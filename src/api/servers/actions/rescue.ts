/** The action `rescue`; `unrescue` is one act on the guest. */
import { randomBytes } from 'node:crypto';
import { type Static, Type } from 'typebox';
import * as field from '../../requests/fields.ts';
import { closed } from '../../requests/json-schema.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { refuseLocked } from '../create/locked.ts';
import { findServer } from '../read/find.ts';

const body = closed({
  rescue: Type.Union([
    Type.Null(),
    closed({
      adminPass: Type.Optional(Type.String()),
      rescue_image_ref: Type.Optional(field.uuid),
    }),
  ]),
});
export const rescueBody = () => body;

/** `adminPass` is for clients that read it; it is not set in the guest. */
export async function rescueServer(call: Call<Static<typeof body>>): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  const { adminPass = randomBytes(9).toString('base64url'), rescue_image_ref: imageId = null } =
    call.body.rescue ?? {};
  const { requestId, caller } = call;
  await call.context.workflows.rescueServer(caller, server, { imageId, requestId });
  return { body: { adminPass } };
}
