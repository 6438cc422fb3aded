/** Which servers a list call selects: by project, filtered by its query, in its order. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type {
  ListedServer,
  ServerCondition,
  ServerSelection,
  ShownServer,
} from '#contracts/store/server-selection.ts';
import { ComputeError } from '#core/errors.ts';
import { statesShownAs } from '#core/servers/lifecycle.ts';
import { everyHost } from '../../hosts/host-pages.ts';
import { isSet } from '../../requests/fields.ts';
import { filterInTurns } from '#http/lists/in-turns.ts';
import type { Link } from '../../requests/links.ts';
import { queryValue, queryValues } from '#http/routes/query.ts';
import { longestPage, nextLinks, pageLimit, queryFlag, queryTime } from '../../requests/paging.ts';
import { isAllowed, requireRule } from '../../requests/permission.ts';
import type { Call } from '../../requests/route.ts';
import { splitNames } from '../../requests/split-names.ts';
import { filters, isNoFilter } from './filters.ts';
import { requestedOrder } from './sort.ts';

/** A page: servers that were read completely for a test come with it. */
export interface ServerPage {
  servers: readonly (ListedServer | ShownServer)[];
  links: Link[];
}

/**
 * The page of a list call, newest first unless it specifies otherwise. The database selects by what
 * has a column; tests of names and of entire servers run over its answer part by part, between
 * other requests. Throws `invalid` for a bad value, `forbidden` for what only administrators may
 * request. `isInDetail`: for a list that reads them anyway.
 */
export async function selectServers(
  call: Call,
  { isInDetail = false }: { isInDetail?: boolean } = {},
): Promise<ServerPage> {
  const { store } = call.context;
  const limit = pageLimit(call.query);
  const { selection, tests } = await requested(call, isInDetail);
  let after = queryValue(call.query, 'marker');
  const isRead = isInDetail && !hasTests(tests);
  const servers: (ListedServer | ShownServer)[] = [];
  for (let isMore = true; isMore && servers.length < limit; ) {
    const atOnce = hasTests(tests) ? longestPage : limit;
    const place = after === undefined ? {} : { after };
    const page = { ...selection, ...place, limit: atOnce };
    const found = isRead ? await store.servers.selectShown(page) : await store.servers.select(page);
    servers.push(...(await passing(call, found, { tests, wanted: limit - servers.length })));
    after = found.at(-1)?.id;
    isMore = found.length === atOnce;
  }
  return { servers, links: nextLinks(call, servers, { limit, idOf: ({ id }) => id }) };
}

interface Tests {
  ofName: ((name: string) => boolean)[];
  ofServer: ((server: ShownServer) => boolean)[];
}

const hasTests = ({ ofName, ofServer }: Tests) => ofName.length + ofServer.length > 0;

const readAtOnce = 100;

/** The first of these that pass all tests, as many as required. */
async function passing(
  call: Call,
  found: (ListedServer | ShownServer)[],
  { tests, wanted }: { tests: Tests; wanted: number },
): Promise<(ListedServer | ShownServer)[]> {
  const named = await filterInTurns(found, ({ name }) => tests.ofName.every((test) => test(name)));
  if (tests.ofServer.length === 0) return named.slice(0, wanted);
  const passed: ShownServer[] = [];
  for (let start = 0; start < named.length && passed.length < wanted; start += readAtOnce) {
    const ids = named.slice(start, start + readAtOnce).map(({ id }) => id);
    const servers = await call.context.store.servers.read(ids);
    const isWanted = (server: ShownServer) => tests.ofServer.every((test) => test(server));
    passed.push(...(await filterInTurns(servers, isWanted)));
    await afterEvents();
  }
  return passed.slice(0, wanted);
}

async function requested(
  call: Call,
  isInDetail: boolean,
): Promise<{ selection: Omit<ServerSelection, 'limit'>; tests: Tests }> {
  const either = requestedStatuses(call);
  const times = requestedTimes(call);
  const { where, tests } = await requestedFields(call);
  const projectId = requestedProject(call, isInDetail);
  const selection = {
    ...times,
    ...(either !== undefined && { either }),
    ...(projectId !== undefined && { projectId }),
    deleted: requestedDeleted(call),
    order: requestedOrder(call),
    where,
  };
  return { selection, tests };
}

/**
 * Lists of changes include deleted servers. Source: Nova
 * `_get_servers`.
 */
function requestedDeleted(call: Call): 'none' | 'only' | 'too' {
  const { query, version } = call;
  const value = filtersByAll(call) ? queryValue(query, 'deleted') : undefined;
  if (includesDeleted(call) || (value !== undefined && isSet(value))) return 'only';
  if (value !== undefined) return 'none';
  const hasTimes =
    query['changes-since'] !== undefined ||
    (version >= 66 && query['changes-before'] !== undefined);
  return hasTimes ? 'too' : 'none';
}

/**
 * Is the status of deleted servers the only one requested? Throws `forbidden` unless the caller is
 * an administrator.
 */
function includesDeleted(call: Call): boolean {
  const statuses = statusNames(call);
  if (statuses.length === 0 || statuses.some((status) => status !== 'DELETED')) return false;
  if (call.caller.isAdmin) return true;
  throw new ComputeError('forbidden', 'Only administrators may list deleted instances');
}

function requestedTimes({
  query,
  version,
}: Call): Pick<ServerSelection, 'changedSince' | 'changedBefore'> {
  const since = queryTime(query, 'changes-since');
  const before = version >= 66 ? queryTime(query, 'changes-before') : undefined;
  if (since !== undefined && before !== undefined && since > before) {
    throw new ComputeError(
      'invalid',
      'The value of changes-since must be less than or equal to changes-before.',
    );
  }
  return {
    ...(since !== undefined && { changedSince: since }),
    ...(before !== undefined && { changedBefore: before }),
  };
}

/** undefined: the servers of all projects. */
function requestedProject(call: Call, isInDetail: boolean): string | undefined {
  const { query, caller } = call;
  const all = queryValue(query, 'all_tenants') === '' || queryFlag(query, 'all_tenants');
  if (all !== true) return caller.projectId;
  const list = isInDetail ? 'detail' : 'index';
  requireRule(call, `os_compute_api:servers:${list}:get_all_tenants`);
  return queryValue(query, 'project_id') ?? queryValue(query, 'tenant_id');
}

const statuses = splitNames(`
  ACTIVE BUILD DELETED ERROR HARD_REBOOT MIGRATING PASSWORD PAUSED REBOOT REBUILD
  RESCUE RESIZE REVERT_RESIZE SHELVED SHELVED_OFFLOADED SHUTOFF SOFT_DELETED
  SUSPENDED UNKNOWN VERIFY_RESIZE
`);

function statusNames({ query }: Call): string[] {
  return queryValues(query, 'status').map((status) => status.toUpperCase());
}

/** An unknown status finds nothing before 2.38 and is refused from it on. */
function requestedStatuses(call: Call): ServerSelection['either'] {
  const names = statusNames(call);
  if (names.length === 0) return undefined;
  const unknown = names.filter((status) => !statuses.includes(status));
  if (call.version >= 38 && unknown.length > 0) {
    throw new ComputeError('invalid', `Invalid status value: ${unknown.join(', ')}`);
  }
  return [...new Set(names)].flatMap(statesShownAs).map(({ vmState, tasks }) => [
    { field: 'vmState', oneOf: [vmState] },
    { field: 'taskState', ...tasks },
  ]);
}

/**
 * Filters that members do not have are ignored for them, as in Nova. Throws `invalid` for
 * a key that cannot be filtered by.
 */
async function requestedFields(call: Call): Promise<{ where: ServerCondition[]; tests: Tests }> {
  const { query, version } = call;
  const isFree = filtersByAll(call);
  const refused = Object.keys(query).find((key) => isFree && isNoFilter(key));
  if (refused !== undefined) {
    throw new ComputeError('invalid', `Invalid filter field: ${refused}.`);
  }
  const where: ServerCondition[] = [];
  const tests: Tests = { ofName: [], ofServer: [] };
  const zoneOf = await zones(call);
  for (const [key, filter] of Object.entries(filters)) {
    const { members = Number.POSITIVE_INFINITY, from = 1, to = Number.POSITIVE_INFINITY } = filter;
    const value = queryValue(query, key);
    const isOffered = version >= from && version <= to && (isFree || version >= members);
    if (value === undefined || !isOffered) continue;
    const found = filter.read(value, key);
    if ('field' in found) where.push(found);
    else if ('ofName' in found) tests.ofName.push(found.ofName);
    else tests.ofServer.push((server) => found.ofServer(server, zoneOf(server)));
  }
  return { where, tests };
}

/** May the caller use every filter, also by what members do not see? */
function filtersByAll(call: Call): boolean {
  return isAllowed(call, 'os_compute_api:servers:allow_all_filters');
}

/** The zone of a server is its host's, and without a host the requested one. */
async function zones({ query, context }: Call): Promise<(server: ShownServer) => string> {
  if (query['availability_zone'] === undefined) return () => '';
  const hosts = await everyHost(context.store.hosts);
  const byHost = new Map(hosts.map(({ id, availabilityZone }) => [id, availabilityZone]));
  return ({ hostId, availabilityZone }) => byHost.get(hostId ?? '') ?? availabilityZone ?? '';
}
