/** `os-migrations`: moves of servers, and those of one server that are in progress. */
import type { MoveProgress } from '#contracts/host/movable-guest.ts';
import type { Move, MoveSelection } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { endedMoves, type MoveStatus } from '#core/servers/move.ts';
import type { Server } from '#core/servers/server.ts';
import { queryValue } from '#http/routes/query.ts';
import { atMicrosecond } from '../requests/links.ts';
import { type StepDown, steppedDown, type View, without } from '../requests/microversions.ts';
import { longestPage, nextLinks, pageLimit, queryTime } from '../requests/paging.ts';
import { isAllowed, requireRule, targetOf } from '../requests/permission.ts';
import type { Call, Reply } from '../requests/route.ts';
import { findServer } from '../servers/read/find.ts';

/** Source: Nova `Migration.migration_type`, which has no type for shelving. */
const listedTypes = ['resize', 'migration', 'live-migration', 'evacuation'] as const;

export const movesQuery = [
  'hidden',
  'host',
  'instance_uuid',
  'source_compute',
  'status',
  'migration_type',
  'limit',
  'marker',
  'changes-since',
  'changes-before',
  'user_id',
  'project_id',
] as const;

const steps: StepDown<unknown>[] = [
  without(80, 'user_id', 'project_id'),
  without(59, 'uuid'),
  without(23, 'migration_type', 'links'),
];

/**
 * All moves, newest first; who may not see those of all projects names its own. Pages and dates
 * came in 2.59, `changes-before` in 2.66.
 */
export async function listMoves(call: Call): Promise<Reply> {
  const limit = call.version >= 59 ? pageLimit(call.query) : longestPage;
  const filters = filtersOf(call);
  if (filters.projectId !== call.caller.projectId) {
    requireRule(call, 'os_compute_api:os-migrations:index:all_projects');
  }
  const hostRule = 'os_compute_api:os-migrations:index:host';
  const showsHosts = isAllowed(call, hostRule);
  // A filter by host would reveal it.
  if (filters.host !== undefined || filters.sourceHost !== undefined) requireRule(call, hostRule);
  const selection = { ...filters, ...pageOf(call), limit };
  const moves = await call.context.store.moves.select(selection);
  const links = call.version >= 59 ? nextLinks(call, moves, { limit, idOf: ({ id }) => id }) : [];
  const migrations = moves.map((move) => viewMove(call, move, showsHosts));
  return { body: { migrations, ...(links.length > 0 && { migrations_links: links }) } };
}

function pageOf({ query, version }: Call): Partial<MoveSelection> {
  if (version < 59) return {};
  const after = queryValue(query, 'marker');
  const changedSince = queryTime(query, 'changes-since');
  const changedBefore = version >= 66 ? queryTime(query, 'changes-before') : undefined;
  return {
    ...(after !== undefined && { after }),
    ...(changedSince !== undefined && { changedSince }),
    ...(changedBefore !== undefined && { changedBefore }),
  };
}

function filtersOf({ query, version }: Call): Omit<MoveSelection, 'limit'> {
  const value = (key: string) => queryValue(query, key);
  const [serverId, host, sourceHost] = ['instance_uuid', 'host', 'source_compute'].map(value);
  const [status, type] = ['status', 'migration_type'].map(value);
  const [userId, projectId] = version >= 80 ? ['user_id', 'project_id'].map(value) : [];
  return {
    ...(serverId !== undefined && { serverId }),
    ...(host !== undefined && { host }),
    ...(sourceHost !== undefined && { sourceHost }),
    ...(status !== undefined && { statuses: [status as MoveStatus] }),
    types: listedTypes.filter((each) => type === undefined || each === type),
    ...(userId !== undefined && { userId }),
    ...(projectId !== undefined && { projectId }),
  };
}

// oxlint-disable-next-line max-params -- a move, and what of it the caller may see
function viewMove(call: Call, move: Move, showsHosts: boolean): View {
  return steppedDown(
    {
      id: move.number,
      uuid: move.id,
      instance_uuid: move.serverId,
      ...hostsOf(move, showsHosts),
      status: move.status,
      // Flavors have no numbers here.
      old_instance_type_id: null,
      new_instance_type_id: null,
      migration_type: move.type,
      user_id: move.userId,
      project_id: move.projectId,
      created_at: atMicrosecond(move.createdAt),
      updated_at: atMicrosecond(move.updatedAt),
      ...(isLiveNow(move) && { links: linksOf(call, move) }),
    },
    call.version,
    steps,
    undefined,
  );
}

function hostsOf({ source, target }: Move, areShown: boolean): View {
  const [from = null, to = null] = areShown ? [source?.name, target?.name] : [];
  return {
    source_compute: from,
    source_node: from,
    dest_compute: to,
    dest_node: to,
    dest_host: null,
  };
}

function linksOf(call: Call, { serverId, number }: Move) {
  const path = `/servers/${serverId}/migrations/${number}`;
  return [
    { rel: 'self', href: call.base + path },
    { rel: 'bookmark', href: call.root + path },
  ];
}

function isLiveNow({ type, status }: Pick<Move, 'type' | 'status'>): boolean {
  return type === 'live-migration' && !endedMoves.includes(status);
}

/** The live migrations of a server that are in progress. */
export async function listServerMoves(call: Call): Promise<Reply> {
  const server = await findServer(call);
  const moves = await liveMovesOf(call, server.id);
  const rule = 'os_compute_api:servers:migrations:index:host';
  const showsHosts = isAllowed(call, rule, targetOf(server));
  const progress = moves.length === 0 ? null : await progressOf(call, server);
  const migrations = moves.map((move) => viewServerMove(call, move, { showsHosts, progress }));
  return { body: { migrations } };
}

export async function showServerMove(call: Call): Promise<Reply> {
  const { server, move } = await findServerMove(call);
  const progress = await progressOf(call, server);
  return { body: { migration: viewServerMove(call, move, { showsHosts: true, progress }) } };
}

/** null also when its host cannot be asked: the rest of the answer is still right. */
async function progressOf(
  { context: { workflows, log } }: Call,
  server: Server,
): Promise<MoveProgress | null> {
  try {
    return await workflows.readMoveProgress(server);
  } catch (error) {
    log.debug({ err: error, server: server.id }, 'the progress of a move is not known');
    return null;
  }
}

export async function abortServerMove(call: Call): Promise<Reply> {
  const { server, move } = await findServerMove(call);
  await call.context.workflows.abortMove(server, move);
  return {};
}

export async function completeServerMove(call: Call): Promise<Reply> {
  const { server, move } = await findServerMove(call);
  await call.context.workflows.forceMove(server, move);
  return {};
}

async function findServerMove(call: Call): Promise<{ server: Server; move: Move }> {
  const server = await findServer(call);
  const requested = call.params['migration'] ?? '';
  const moves = await liveMovesOf(call, server.id);
  const move = moves.find(({ id, number }) => id === requested || String(number) === requested);
  if (move !== undefined) return { server, move };
  throw new ComputeError(
    'notFound',
    `In-progress live migration ${requested} is not found for server ${server.id}.`,
  );
}

async function liveMovesOf({ context }: Call, serverId: string): Promise<Move[]> {
  const moves = await context.store.moves.select({
    serverId,
    types: ['live-migration'],
    limit: longestPage,
  });
  return moves.filter(isLiveNow);
}

// oxlint-disable-next-line max-params -- a move, and what of it the caller may see
function viewServerMove(
  call: Call,
  move: Move,
  { showsHosts, progress }: { showsHosts: boolean; progress: MoveProgress | null },
): View {
  const named = (what: 'memory' | 'disk') => ({
    [`${what}_total_bytes`]: progress?.[what].total ?? null,
    [`${what}_processed_bytes`]: progress?.[what].processed ?? null,
    [`${what}_remaining_bytes`]: progress?.[what].remaining ?? null,
  });
  return steppedDown(
    {
      id: move.number,
      uuid: move.id,
      server_uuid: move.serverId,
      ...hostsOf(move, showsHosts),
      status: move.status,
      ...named('memory'),
      ...named('disk'),
      user_id: move.userId,
      project_id: move.projectId,
      created_at: atMicrosecond(move.createdAt),
      updated_at: atMicrosecond(move.updatedAt),
    },
    call.version,
    steps,
    undefined,
  );
}
