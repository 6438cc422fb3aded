/** The actions `lock` and `unlock`. */
import { type Static, Type } from 'typebox';
import { closed } from '../../requests/json-schema.ts';
import { isAllowed, targetOf } from '../../requests/permission.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer } from '../read/find.ts';

const reason = Type.String({ minLength: 1, maxLength: 255 });
const anything = closed({ lock: Type.Unknown() });
const withReason = closed({
  lock: Type.Union([Type.Null(), closed({ locked_reason: Type.Optional(reason) })]),
});

/** 2.73 brought the reason; before it the value is ignored. */
export const lockBody = (version: number) => (version >= 73 ? withReason : anything);

export async function lockServer(call: Call<{ lock?: unknown }>): Promise<Reply> {
  const server = await findServer(call);
  const { requestId, caller } = call;
  const reason = call.version >= 73 ? reasonIn(call.body as Static<typeof withReason>) : null;
  await call.context.workflows.lockServer(caller, server, { reason, requestId });
  return {};
}

function reasonIn({ lock }: Static<typeof withReason>): string | null {
  return lock?.locked_reason ?? null;
}

export async function unlockServer(call: Call): Promise<Reply> {
  const server = await findServer(call);
  const { requestId, caller } = call;
  const override = 'os_compute_api:os-lock-server:unlock:unlock_override';
  const mayOverride = isAllowed(call, override, targetOf(server));
  await call.context.workflows.unlockServer(caller, server, { requestId, mayOverride });
  return {};
}
