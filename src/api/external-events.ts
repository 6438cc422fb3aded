/**
 * `os-server-external-events`: what other services report of a server's ports. Each event is
 * answered separately, before anybody acts on it. Only services and administrators may send them:
 * the row's rule in `routes.ts`.
 */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { NetworkEventKind } from '#core/networking/network-event.ts';
import { tag, uuid } from './requests/fields.ts';
import { type JsonSchema, object } from './requests/json-schema.ts';
import type { BodySchema, Call, Reply } from './requests/route.ts';

interface ExternalEvent {
  name: string;
  server_uuid: string;
  status?: 'failed' | 'completed' | 'in-progress';
  tag?: string;
}

/**
 * An unplugged port is no news: its guest is off or gone, or its agent restarts and plugs it again.
 * It is only logged.
 */
const networkEvents: Record<string, NetworkEventKind | null> = {
  'network-changed': 'changed',
  'network-vif-plugged': 'plugged',
  'network-vif-unplugged': null,
  'network-vif-deleted': 'deleted',
};

const bodies = new Map<number, JsonSchema>();

/** Other services' events came with 2.51 (volume-extended) and 2.76 (power-update). */
export const externalEventsBody: BodySchema = (version) => {
  const since = [76, 51].find((change) => version >= change) ?? 1;
  const names = [
    ...Object.keys(networkEvents),
    ...(since >= 51 ? ['volume-extended'] : []),
    ...(since >= 76 ? ['power-update'] : []),
  ];
  const schema = bodies.get(since) ?? bodyOf(names);
  bodies.set(since, schema);
  return schema;
};

function bodyOf(names: string[]): JsonSchema {
  const event = object(
    {
      name: { type: 'string', enum: names },
      server_uuid: uuid,
      status: { type: 'string', enum: ['failed', 'completed', 'in-progress'] },
      tag: { ...tag, maxLength: 255 },
    },
    ['name', 'server_uuid'],
  );
  return object({ events: { type: 'array', minItems: 1, maxItems: 500, items: event } }, [
    'events',
  ]);
}

/**
 * 200 when all were accepted, 207 when one was not: 404 for an unknown server, 422 while it is on
 * no host, 400 for a missing tag.
 */
export async function takeExternalEvents(call: Call<{ events: ExternalEvent[] }>): Promise<Reply> {
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

async function codeOf(call: Call, event: ExternalEvent): Promise<number> {
  const server = await call.context.store.servers.get(event.server_uuid);
  if (server === undefined || server.deletedAt !== null) return 404;
  if (server.hostId === null) return 422;
  return event.name === 'volume-extended' && event.tag === undefined ? 400 : 200;
}
