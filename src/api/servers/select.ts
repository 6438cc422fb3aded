/** Which servers a list call means: whose, filtered by its query, in its order. */
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { serverStatus } from '#core/servers/lifecycle.ts';
import type { Server } from '#core/servers/server.ts';
import { isSet } from '../fields.ts';
import { filterInTurns } from '../filter-in-turns.ts';
import { queryFlag, queryTime, queryValue, queryValues } from '../paging.ts';
import type { Call } from '../route.ts';
import { filters, isNoFilter, type ServerTest } from './filters.ts';
import { sorted } from './sort.ts';
import { words } from '../words.ts';

type Test = (server: Server) => boolean;

/** The servers of a list call, newest first unless it says otherwise. Throws `invalid` for a bad value, `forbidden` for what administrators ask only. */
export async function selectServers(call: Call): Promise<Server[]> {
  const tests = [...statusTests(call), ...timeTests(call), ...(await fieldTests(call))];
  const deleted = deletedAsked(call);
  const projectId = projectAsked(call);
  const servers = await call.context.store.servers.list({
    ...(projectId !== undefined && { projectId }),
    includeDeleted: deleted !== 'none',
  });
  if (deleted === 'only') tests.push(({ deletedAt }) => deletedAt !== null);
  const wanted = await filterInTurns(servers, (server) => tests.every((test) => test(server)));
  return sorted(call, wanted);
}

/** Lists of what has changed hold deleted servers too. The key `deleted` is the administrators'. Source: Nova `_get_servers`. */
function deletedAsked(call: Call): 'none' | 'only' | 'too' {
  const { query, caller, version } = call;
  const value = caller.isAdmin ? queryValue(query, 'deleted') : undefined;
  if (asksDeleted(call) || (value !== undefined && isSet(value))) return 'only';
  if (value !== undefined) return 'none';
  const hasTimes =
    query['changes-since'] !== undefined ||
    (version >= 66 && query['changes-before'] !== undefined);
  return hasTimes ? 'too' : 'none';
}

/** Is the status of deleted servers the only one asked for? Throws `forbidden` for who is no administrator. */
function asksDeleted(call: Call): boolean {
  const asked = statusesAsked(call);
  if (asked.length === 0 || asked.some((status) => status !== 'DELETED')) return false;
  if (call.caller.isAdmin) return true;
  throw new ComputeError('forbidden', 'Only administrators may list deleted instances');
}

function timeTests({ query, version }: Call): Test[] {
  const since = queryTime(query, 'changes-since');
  const before = version >= 66 ? queryTime(query, 'changes-before') : undefined;
  if (since !== undefined && before !== undefined && since > before) {
    throw new ComputeError(
      'invalid',
      'The value of changes-since must be less than or equal to changes-before.',
    );
  }
  return [
    ...(since === undefined ? [] : [({ updatedAt }: Server) => updatedAt >= since]),
    ...(before === undefined ? [] : [({ updatedAt }: Server) => updatedAt <= before]),
  ];
}

/** undefined: the servers of all projects. */
function projectAsked(call: Call): string | undefined {
  const { query, caller } = call;
  const all = queryValue(query, 'all_tenants') === '' || queryFlag(query, 'all_tenants');
  if (all !== true) return caller.projectId;
  if (!allows('admin', caller)) {
    throw new ComputeError(
      'forbidden',
      "Policy doesn't allow GET /servers of all tenants to be performed: it needs the role admin.",
    );
  }
  return queryValue(query, 'project_id') ?? queryValue(query, 'tenant_id');
}

const statuses = words(`
  ACTIVE BUILD DELETED ERROR HARD_REBOOT MIGRATING PASSWORD PAUSED REBOOT REBUILD
  RESCUE RESIZE REVERT_RESIZE SHELVED SHELVED_OFFLOADED SHUTOFF SOFT_DELETED
  SUSPENDED UNKNOWN VERIFY_RESIZE
`);

function statusesAsked({ query }: Call): string[] {
  return queryValues(query, 'status').map((status) => status.toUpperCase());
}

/** An unknown status finds nothing before 2.38 and is refused from it on. */
function statusTests(call: Call): Test[] {
  const asked = statusesAsked(call);
  if (asked.length === 0) return [];
  const unknown = asked.filter((status) => !statuses.includes(status));
  if (call.version >= 38 && unknown.length > 0) {
    throw new ComputeError('invalid', `Invalid status value: ${unknown.join(', ')}`);
  }
  return [(server) => asked.includes(serverStatus(server))];
}

/** Filters that only administrators may use are left out for others, as Nova does. Throws `invalid` for what nobody can filter by. */
async function fieldTests(call: Call): Promise<Test[]> {
  const { query, caller, version, context } = call;
  const refused = Object.keys(query).find((key) => caller.isAdmin && isNoFilter(key));
  if (refused !== undefined) {
    throw new ComputeError('invalid', `Invalid filter field: ${refused}.`);
  }
  const tests = Object.entries(filters).flatMap(([key, filter]): ServerTest[] => {
    const { members = Number.POSITIVE_INFINITY, from = 1, to = Number.POSITIVE_INFINITY } = filter;
    const value = queryValue(query, key);
    const isThere = version >= from && version <= to && (caller.isAdmin || version >= members);
    return value !== undefined && isThere ? [filter.testOf(value, key)] : [];
  });
  const zones = new Map<string, string>();
  if (query['availability_zone'] !== undefined) {
    for (const host of await context.store.hosts.list()) zones.set(host.id, host.availabilityZone);
  }
  const zoneOf = (server: Server) =>
    zones.get(server.hostId ?? '') ?? server.availabilityZone ?? '';
  return tests.map((test) => (server) => test(server, zoneOf(server)));
}
