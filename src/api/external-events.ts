/**
 * `os-server-external-events`: what other services report of a server's ports. Each event is
 * answered separately, before it is acted on. Only services and administrators may send them: the
 * row's rule in `routes.ts`.
 */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { NetworkEventKind } from '#core/networking/network-event.ts';
import { type Static, Type } from 'typebox';
import * as field from './requests/fields.ts';
import { bySince, closed } from './requests/json-schema.ts';
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

/** Other services' events, and the versions that brought them. */
const others = [
  { name: 'volume-extended', from: 51 },
  { name: 'power-update', from: 76 },
  { name: 'accelerator-request-bound', from: 82 },
  { name: 'volume-reimaged', from: 93 },
];

export const externalEventsBody = bySince([1, ...others.map(({ from }) => from)], (since) =>
  bodyOf(others.filter(({ from }) => from <= since).map(({ name }) => name)),
);
type Body = Static<ReturnType<typeof bodyOf>>;

function bodyOf(names: string[]) {
  const event = closed({
    name: field.oneOf([...Object.keys(networkEvents), ...names]),
    server_uuid: field.uuid,
    status: Type.Optional(field.oneOf(['failed', 'completed', 'in-progress'])),
    tag: Type.Optional(field.tagUpTo(255)),
  });
  return closed({ events: Type.Array(event, { minItems: 1, maxItems: 500 }) });
}

/** Events that say nothing without a tag. Source: Nova `server_external_events.py`. */
const tagged = ['volume-extended', 'accelerator-request-bound', 'volume-reimaged'];

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
  return tagged.includes(event.name) && event.tag === undefined ? 400 : 200;
}
