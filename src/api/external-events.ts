/**
 * `os-server-external-events`: what other services report of a server's ports. Each event is
 * answered separately, before it is acted on. Only services and administrators may send them: the
 * row's rule in `routes.ts`.
 */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { NetworkEventKind } from '#core/networking/network-event.ts';
import { type Static, Type } from 'typebox';
import * as field from './requests/fields.ts';
import { closed } from './requests/json-schema.ts';
import type { Call, Reply } from './requests/route.ts';

/**
 * An unplugged port needs no action: its guest is off or gone, or its agent restarts and plugs it
 * again. It is only logged.
 */
const networkEvents: Record<string, NetworkEventKind | null> = {
  'network-changed': 'changed',
  'network-vif-plugged': 'plugged',
  'network-vif-unplugged': null,
  'network-vif-deleted': 'deleted',
};

/** Other services' events came with 2.51 (volume-extended) and 2.76 (power-update). */
const bodies = {
  1: bodyOf([]),
  51: bodyOf(['volume-extended']),
  76: bodyOf(['volume-extended', 'power-update']),
};
type Body = Static<ReturnType<typeof bodyOf>>;

export const externalEventsBody = (version: number) => {
  if (version >= 76) return bodies[76];
  return version >= 51 ? bodies[51] : bodies[1];
};

function bodyOf(others: string[]) {
  const event = closed({
    name: field.oneOf([...Object.keys(networkEvents), ...others]),
    server_uuid: field.uuid,
    status: Type.Optional(field.oneOf(['failed', 'completed', 'in-progress'])),
    tag: Type.Optional(field.tagUpTo(255)),
  });
  return closed({ events: Type.Array(event, { minItems: 1, maxItems: 500 }) });
}

/**
 * 200 when all were accepted, 207 when one was not: 404 for an unknown server, 422 while it is on
 * no host, 400 for a missing tag.
 */
export async function takeExternalEvents(call: Call<Body>): Promise<Reply> {
  const events = [];
  for (const event of call.body.events) {
    await afterEvents();
    const code = await codeOf(call, event);
    const status = code === 200 ? (event.status ?? 'completed') : 'failed';
    events.push({ ...event, status, code });
    call.context.log.info({ ...event, code, requestId: call.requestId }, 'external event');
    const kind = networkEvents[event.name] ?? null;
    if (code !== 200 || kind === null) continue;
    const { server_uuid: serverId, tag: portId = '' } = event;
    await call.context.workflows.takeNetworkEvent({ serverId, kind, portId });
  }
  return { status: events.every(({ code }) => code === 200) ? 200 : 207, body: { events } };
}

async function codeOf(call: Call, event: Body['events'][number]): Promise<number> {
  const server = await call.context.store.servers.get(event.server_uuid);
  if (server === undefined || server.deletedAt !== null) return 404;
  if (server.hostId === null) return 422;
  return event.name === 'volume-extended' && event.tag === undefined ? 400 : 200;
}
