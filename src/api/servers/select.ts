/** Which servers a list call means: whose, filtered by its query, in its order. */
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { serverStatus } from '#core/servers/lifecycle.ts';
import type { Server } from '#core/servers/server.ts';
import { isSet } from '../fields.ts';
import { queryTime, queryValue, queryValues } from '../paging.ts';
import type { Call } from '../route.ts';
import { textMatch } from '../text-match.ts';
import { filters } from './filters.ts';
import { sorted } from './sort.ts';
import { words } from '../words.ts';

type Test = (server: Server) => boolean;

/** The servers of a list call, newest first unless it says otherwise. Throws `invalid` for a bad value, `forbidden` for all_tenants. */
export async function selectServers(call: Call): Promise<Server[]> {
  const since = queryTime(call.query, 'changes-since');
  const before = call.version >= 66 ? queryTime(call.query, 'changes-before') : undefined;
  const deleted = call.caller.isAdmin && isSet(queryValue(call.query, 'deleted') ?? false);
  const projectId = projectAsked(call);
  const servers = await call.context.store.servers.list({
    ...(projectId !== undefined && { projectId }),
    includeDeleted: since !== undefined || deleted,
  });
  const tests = [
    ...statusTests(call),
    ...fieldTests(call),
    ...(deleted ? [(server: Server) => server.deletedAt !== null] : []),
    ...(since === undefined ? [] : [(server: Server) => server.updatedAt >= since]),
    ...(before === undefined ? [] : [(server: Server) => server.updatedAt <= before]),
  ];
  return sorted(
    call.query,
    servers.filter((server) => tests.every((test) => test(server))),
  );
}

/** undefined: the servers of all projects. */
function projectAsked(call: Call): string | undefined {
  const { query, caller } = call;
  const value = queryValue(query, 'all_tenants');
  const all = value !== undefined && (value === '' || isSet(value));
  if (!all) return caller.projectId;
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

/** An unknown status finds nothing before 2.38 and is refused from it on. */
function statusTests(call: Call): Test[] {
  const asked = queryValues(call.query, 'status').map((status) => status.toUpperCase());
  if (asked.length === 0) return [];
  const unknown = asked.filter((status) => !statuses.includes(status));
  if (call.version >= 38 && unknown.length > 0) {
    throw new ComputeError('invalid', `Invalid status value: ${unknown.join(', ')}`);
  }
  return [(server) => asked.includes(serverStatus(server))];
}

/** Filters that only administrators may use are left out for others, as Nova does. */
function fieldTests(call: Call): Test[] {
  return Object.entries(filters).flatMap(([key, filter]) => {
    const value = queryValue(call.query, key);
    const applies =
      value !== undefined &&
      call.version >= (filter.from ?? 1) &&
      (filter.admin !== true || call.caller.isAdmin);
    if (!applies) return [];
    if (filter.match === 'pattern') {
      const matches = textMatch(key, value);
      return [(server: Server) => filter.read(server).some(matches)];
    }
    return [(server: Server) => filter.test(server, value)];
  });
}
