/**
 * `os-simple-tenant-usage`: what servers used in a period, deleted ones too as long as they are
 * stored. Source: Nova `api/openstack/compute/simple_tenant_usage.py`.
 */
import { ComputeError } from '#core/errors.ts';
import { hoursIn, sumOfUsage } from '#core/quotas/usage.ts';
import type { UsagePeriod, UsedServer } from '#contracts/store/projects/usage-store.ts';
import { queryValue } from '#http/routes/query.ts';
import { atMicrosecond } from '../requests/links.ts';
import { longestPage, nextLinks, pageLimit } from '../requests/paging.ts';
import { requireOwnRule } from '../requests/permission.ts';
import type { Call, Query, Reply } from '../requests/route.ts';

const periodQuery = ['start', 'end'] as const;
export const usageQuery = [...periodQuery, 'limit', 'marker'] as const;
export const usagesQuery = [...usageQuery, 'detailed'] as const;

/** From this version on in pages. */
const pagedFrom = 40;

/** Of all projects; with `detailed=1` server by server. */
export async function listUsage(call: Call): Promise<Reply> {
  // As Nova: with a slash it is the usage of a project without an id.
  if (call.path.endsWith('/')) {
    throw new ComputeError('notFound', 'The resource could not be found.');
  }
  const period = periodOf(call);
  const { servers, links } = await readPage(call, period);
  const isDetailed = queryValue(call.query, 'detailed') === '1';
  const byProject = Map.groupBy(servers, ({ projectId }) => projectId);
  const usages = [...byProject.values()].map((ofProject) =>
    viewUsage(call, ofProject, { period, isDetailed }),
  );
  return { body: { tenant_usages: usages, ...links('tenant_usages_links') } };
}

/** Of one project; an empty object when none of its servers ran. */
export async function showUsage(call: Call): Promise<Reply> {
  const projectId = call.params['id'] ?? '';
  requireOwnRule(call, { project_id: projectId });
  const period = periodOf(call);
  const { servers, links } = await readPage(call, period, projectId);
  const usage = servers.length === 0 ? {} : viewUsage(call, servers, { period, isDetailed: true });
  return { body: { tenant_usage: usage, ...links('tenant_usage_links') } };
}

async function readPage(call: Call, period: UsagePeriod, projectId?: string) {
  const isPaged = call.version >= pagedFrom;
  const limit = isPaged ? pageLimit(call.query) : longestPage;
  const after = isPaged ? queryValue(call.query, 'marker') : undefined;
  const page = { projectId, after, limit };
  const servers = await call.context.store.usage.servers(period, page);
  const next = nextLinks(call, servers, { limit, idOf: ({ id }) => id });
  const links = (key: string) => (isPaged && next.length > 0 ? { [key]: next } : {});
  return { servers, links };
}

function viewUsage(
  call: Call,
  servers: readonly UsedServer[],
  { period, isDetailed }: { period: UsagePeriod; isDetailed: boolean },
): object {
  const used = servers.map((server) => {
    const { vcpus, memoryMib, diskGib, ephemeralGib } = server.flavor;
    const hours = hoursIn(server, period);
    return { server, hours, vcpus, memoryMib, diskGib: diskGib + ephemeralGib };
  });
  const total = sumOfUsage(used);
  return {
    tenant_id: servers[0]?.projectId,
    ...(isDetailed && { server_usages: used.map((each) => viewServerUsage(call, each)) }),
    total_local_gb_usage: total.diskGib,
    total_vcpus_usage: total.vcpus,
    total_memory_mb_usage: total.memoryMib,
    total_hours: total.hours,
    start: atMicrosecond(period.from),
    stop: atMicrosecond(period.until),
  };
}

function viewServerUsage(
  { context }: Call,
  used: { server: UsedServer; hours: number; vcpus: number; memoryMib: number; diskGib: number },
): object {
  const { server, hours, vcpus, memoryMib, diskGib } = used;
  const { launchedAt, terminatedAt } = server;
  const until = terminatedAt ?? context.clock.now();
  return {
    hours,
    flavor: server.flavor.name,
    instance_id: server.id,
    name: server.name,
    tenant_id: server.projectId,
    memory_mb: memoryMib,
    local_gb: diskGib,
    vcpus,
    started_at: atMicrosecond(launchedAt),
    ended_at: atMicrosecond(terminatedAt),
    state: terminatedAt === null ? server.vmState : 'terminated',
    uptime: Math.max(0, Math.floor((until - launchedAt) / 1000)),
  };
}

/**
 * Both ends are now where they are left out; the end is never later. Nova reads the clock for each,
 * so that a period without ends is short, not empty. Throws `invalid`.
 */
function periodOf({ query, context }: Call): UsagePeriod {
  const now = context.clock.now();
  const from = timeOf(query, 'start') ?? now - 1;
  const until = timeOf(query, 'end') ?? now;
  if (from < until) return { from, until: Math.min(until, now) };
  throw new ComputeError(
    'invalid',
    'Invalid start time. The start time cannot occur after the end time.',
  );
}

/** The forms that Nova reads; all are UTC. */
const timeForm =
  /^(\d{4}-\d\d-\d\d)(?:T(\d\d:\d\d:\d\d(?:\.\d{1,6})?)| (\d\d:\d\d:\d\d\.\d{1,6}))$/;

function timeOf(query: Query, key: string): number | undefined {
  const value = queryValue(query, key);
  if (value === undefined || value === '') return undefined;
  const [, day, time, spaced] = timeForm.exec(value) ?? [];
  const ms = day === undefined ? Number.NaN : Date.parse(`${day}T${time ?? spaced}Z`);
  // A day that its month does not have would be one of the next month.
  if (!Number.isNaN(ms) && new Date(ms).toISOString().startsWith(`${day}`)) return ms;
  throw new ComputeError(
    'invalid',
    `Invalid datetime string: Datetime is in invalid format: query parameters ${key}. Value: ${value}. must be like 2026-11-23T07:30:00`,
  );
}
