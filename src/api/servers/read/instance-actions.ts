/** What was done to a server, and with which events: `openstack server event list|show`. */
import type { Action, ActionEvent } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { publicPart } from '#core/guests/moves/live-ways.ts';
import { memberText } from '#core/servers/member-text.ts';
import type { Server } from '#core/servers/server.ts';
import { atMicrosecond } from '../../requests/links.ts';
import { type StepDown, steppedDown, type View, without } from '../../requests/microversions.ts';
import { queryValue } from '#http/routes/query.ts';
import { nextLinks, pageLimit, queryTime } from '../../requests/paging.ts';
import { isAllowed, targetOf } from '../../requests/permission.ts';
import type { Call, Reply } from '../../requests/route.ts';
import { findServer, findServerEvenDeleted } from './find.ts';
import { opaqueHostId } from './views.ts';

const actionSteps: StepDown<unknown>[] = [without(58, 'updated_at')];
const eventSteps: StepDown<unknown>[] = [without(84, 'details'), without(62, 'host', 'hostId')];

export const actionQuery = ['limit', 'marker', 'changes-since', 'changes-before'] as const;

/** Newest first. Pages and dates came in 2.58, `changes-before` in 2.66. */
export async function listActions(call: Call): Promise<Reply> {
  const server = await findHistory(call);
  const { store } = call.context;
  if (call.version < 58) {
    const actions = await store.servers.actions(server.id);
    return { body: { instanceActions: actions.map((action) => viewAction(call, action)) } };
  }
  const since = queryTime(call.query, 'changes-since');
  const before = call.version >= 66 ? queryTime(call.query, 'changes-before') : undefined;
  const after = queryValue(call.query, 'marker');
  const limit = pageLimit(call.query);
  const actions = await store.servers.actions(server.id, {
    ...(since !== undefined && { changedSince: since }),
    ...(before !== undefined && { changedBefore: before }),
    ...(after !== undefined && { after }),
    limit,
  });
  const links = nextLinks(call, actions, { limit, idOf: ({ requestId }) => requestId });
  const instanceActions = actions.map((action) => viewAction(call, action));
  return { body: { instanceActions, ...(links.length > 0 && { links }) } };
}

const eventsRule = 'os_compute_api:os-instance-actions:events';

/**
 * Events are for administrators before 2.51, for all from it on; tracebacks, hosts and details stay
 * administrators'.
 */
export async function showAction(call: Call): Promise<Reply> {
  const server = await findHistory(call);
  const requestId = call.params['request'] ?? '';
  const action = await call.context.store.servers.action(server.id, requestId);
  if (action === undefined) {
    throw new ComputeError('notFound', `Action for request_id ${requestId} not found`);
  }
  const target = targetOf(server);
  const shown = {
    host: isAllowed(call, eventsRule, target),
    details: isAllowed(call, `${eventsRule}:details`, target),
  };
  const showsEvents = call.version >= 51 || shown.host;
  const events = action.events.map((event) => viewEvent(call, server, event, shown));
  const view = { ...viewAction(call, action), ...(showsEvents && { events }) };
  return { body: { instanceAction: view } };
}

/** Deleted servers keep their history readable from 2.21 on. */
function findHistory(call: Call): Promise<Server> {
  return call.version >= 21 ? findServerEvenDeleted(call) : findServer(call);
}

function viewAction(call: Call, action: Action): View {
  return steppedDown(
    {
      action: action.action,
      instance_uuid: action.serverId,
      request_id: action.requestId,
      user_id: action.userId,
      project_id: action.projectId,
      start_time: atMicrosecond(action.startedAt),
      message: messageFor(call, action),
      updated_at: atMicrosecond(action.updatedAt),
    },
    call.version,
    actionSteps,
    undefined,
  );
}

function messageFor({ caller }: Call, { message }: Action): string | null {
  return message === null || caller.isAdmin ? message : memberText(message);
}

// oxlint-disable-next-line max-params -- whose event, and what of it the caller may see
function viewEvent(
  call: Call,
  server: Server,
  event: ActionEvent,
  shown: { host: boolean; details: boolean },
): View {
  const { projectId } = server;
  return steppedDown(
    {
      event: event.name,
      start_time: atMicrosecond(event.startedAt),
      finish_time: atMicrosecond(event.finishedAt),
      result: event.result,
      ...(shown.host && { traceback: tracebackOf(event), host: event.host }),
      ...detailsOf(event, shown.details),
      hostId: opaqueHostId({ projectId, hostName: event.host }),
    },
    call.version,
    eventSteps,
    undefined,
  );
}

function tracebackOf({ result, details }: ActionEvent): string | null {
  return result === 'Error' ? details : null;
}

/** The plan of a move concerns its user, but for other servers and hosts. */
function detailsOf({ name, result, details }: ActionEvent, isShown: boolean): View {
  if (isShown) return { details };
  return name === 'plan_move' && result === 'Success' && details !== null
    ? { details: publicPart(details) }
    : {};
}
