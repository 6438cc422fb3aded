/**
 * Actions that are one act on the server's guest: power, reboot, pause, suspend. Each answers as
 * soon as it is recorded.
 */
import { type Static, Type } from 'typebox';
import type { GuestActName } from '#contracts/store/task-data.ts';
import * as field from '../../requests/fields.ts';
import { closed } from '../../requests/json-schema.ts';
import type { BodySchema, Call, Handler, Reply } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';
import { refuseLocked } from '../create/locked.ts';

const nothing = Type.Union([Type.Null(), Type.Object({})]);

/** `{ACTION: null}`; old clients send an empty object. */
export function emptyBody(action: string): BodySchema {
  const schema = closed({ [action]: nothing });
  return () => schema;
}

/** The handler of an action without parameters. */
export function guestAct(act: GuestActName): Handler {
  return (call: Call) => perform(call, act);
}

const rebootSchema = closed({
  reboot: closed({ type: field.oneOf(['HARD', 'Hard', 'hard', 'SOFT', 'Soft', 'soft']) }),
});
export const rebootBody = () => rebootSchema;

export async function rebootServer(call: Call<Static<typeof rebootSchema>>): Promise<Reply> {
  const isHard = call.body.reboot.type.toUpperCase() === 'HARD';
  return perform(call, isHard ? 'hard-reboot' : 'reboot');
}

async function perform(call: Call, act: GuestActName): Promise<Reply> {
  const server = await findServer(call);
  refuseLocked(call, server);
  const { requestId } = call;
  await call.context.workflows.actOnGuest(call.caller, server, { act, requestId });
  return {};
}
