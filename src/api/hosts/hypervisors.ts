/** Hypervisors: one for each host. Numbers as ids before 2.53, UUIDs from it on. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { HostSummary } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import {
  rewritten,
  type StepDown,
  steppedDown,
  type View,
  without,
} from '../requests/microversions.ts';
import type { Link } from '../requests/links.ts';
import { queryValue } from '#http/routes/query.ts';
import { nextLinks, pageLimit, queryFlag } from '../requests/paging.ts';
import type { Call, Reply } from '../requests/route.ts';
import { isUp } from './host-status.ts';
import { readHosts } from './host-pages.ts';
import { numbered, numberedHosts, type NumberedHost } from './numbered-hosts.ts';
import { splitNames } from '../requests/split-names.ts';

const steps: StepDown<NumberedHost>[] = [
  {
    below: 53,
    undo: (view, { number }) => {
      view['id'] = number;
      if (view['service'] !== undefined) {
        view['service'] = { ...(view['service'] as View), id: number };
      }
    },
  },
];

/** Of a view in detail: it has the uptime since 2.88, and figures before. */
const detailSteps: StepDown<NumberedHost>[] = [
  without(88, 'uptime'),
  { below: 88, undo: (view, { host }) => Object.assign(view, figuresOf(host)) },
  ...steps,
  rewritten(28, 'cpu_info', (info) => JSON.stringify(info)),
];

export const hypervisorsQuery = splitNames('limit marker hypervisor_hostname_pattern with_servers');

export const listHypervisors = (call: Call) => listBy(call, { view: briefView, steps });
export const listHypervisorsInDetail = (call: Call) =>
  listBy(call, { view: fullView, steps: detailSteps });

export async function showHypervisor(call: Call): Promise<Reply> {
  const withServers = includesServers(call);
  const found = await findHypervisor(call);
  const servers = withServers ? await serversOn(call, found.host) : {};
  const view = { ...fullView(call, found), ...servers };
  return { body: { hypervisor: shown(call, found, view, detailSteps) } };
}

async function findHypervisor(call: Call): Promise<NumberedHost> {
  const id = call.params['id'] ?? '';
  const host = await hostOfId(call, id);
  if (host !== undefined) return numbered(host);
  throw new ComputeError('notFound', `Hypervisor with ID '${id}' could not be found.`);
}

/**
 * How long a host has been up, as its agent last reported it. Throws `notImplemented` where the
 * agent does not report it (clients then leave it out), `invalid` for a host that is down,
 * `notFound`. Source: Nova `hypervisors.py`, `uptime`.
 */
export async function showUptime(call: Call): Promise<Reply> {
  const found = await findHypervisor(call);
  const { host } = found;
  if (!isUp(call.context, host)) {
    const message = `Compute service of ${host.name} is unavailable at this time.`;
    throw new ComputeError('invalid', message);
  }
  const uptime = call.context.links.uptimeOf(host.id);
  if (uptime === undefined) {
    throw new ComputeError(
      'notImplemented',
      `The agent of ${host.name} does not report its uptime.`,
    );
  }
  return { body: { hypervisor: shown(call, found, { ...briefView(call, found), uptime }) } };
}

/**
 * Before 2.53: those whose name contains the last but one part of the path. Throws `notFound` when
 * there is none.
 */
export async function searchHypervisors(call: Call): Promise<Reply> {
  const found = matching(await numberedHosts(call.context), call.params['id'] ?? '');
  const hypervisors = found.map((each) => shown(call, each, briefView(call, each)));
  return { body: { hypervisors } };
}

/** The same, each with its servers when it has any. */
export async function searchHypervisorsWithServers(call: Call): Promise<Reply> {
  const hypervisors = [];
  for (const each of matching(await numberedHosts(call.context), call.params['id'] ?? '')) {
    const view = { ...briefView(call, each), ...(await serversOn(call, each.host)) };
    hypervisors.push(shown(call, each, view));
  }
  return { body: { hypervisors } };
}

function matching(all: NumberedHost[], part: string): NumberedHost[] {
  const found = all.filter(({ host }) => host.name.includes(part));
  if (found.length > 0) return found;
  throw new ComputeError('notFound', `No hypervisor matching '${part}' could be found.`);
}

function shown(call: Call, each: NumberedHost, view: View, down = steps): View {
  return steppedDown(view, call.version, down, each);
}

/** Sums over all hosts that are enabled. */
export async function showStatistics(call: Call): Promise<Reply> {
  const all = await numberedHosts(call.context);
  const hosts = all.map(({ host }) => host).filter(({ enabled }) => enabled);
  const sum = (read: (host: HostSummary) => number) =>
    hosts.reduce((total, host) => total + read(host), 0);
  const sums = Object.entries(figures).map(([key, read]) => [key, sum(read)]);
  return {
    body: { hypervisor_statistics: { count: hosts.length, ...Object.fromEntries(sums) } },
  };
}

/** Figures of a host as Nova names them. */
const figures: Record<string, (host: HostSummary) => number> = {
  vcpus: ({ facts }) => facts.vcpus,
  memory_mb: ({ facts }) => facts.memoryMib,
  local_gb: ({ facts }) => facts.diskGib,
  vcpus_used: ({ vcpusUsed }) => vcpusUsed,
  memory_mb_used: ({ memoryMibUsed }) => memoryMibUsed,
  local_gb_used: ({ diskGibUsed }) => diskGibUsed,
  free_ram_mb: ({ facts, memoryMibUsed }) => facts.memoryMib - memoryMibUsed,
  free_disk_gb: ({ facts, diskGibUsed }) => facts.diskGib - diskGibUsed,
  current_workload: () => 0,
  running_vms: ({ runningGuests }) => runningGuests,
  disk_available_least: ({ facts, diskGibUsed }) => facts.diskGib - diskGibUsed,
};

/** What a list has of each host before 2.88. */
function figuresOf(host: HostSummary): View {
  return {
    ...Object.fromEntries(Object.entries(figures).map(([key, read]) => [key, read(host)])),
    cpu_info: { arch: host.facts.architecture, model: host.facts.cpuModel },
  };
}

interface HostView {
  view: (call: Call, each: NumberedHost) => View;
  steps: StepDown<NumberedHost>[];
}

const viewsAtOnce = 50;

async function listBy(call: Call, { view, steps: down }: HostView): Promise<Reply> {
  const withServers = includesServers(call);
  const { items, links } = await selectHypervisors(call);
  const hypervisors = [];
  for (const each of items) {
    const servers = withServers ? await serversOn(call, each.host) : {};
    hypervisors.push(shown(call, each, { ...view(call, each), ...servers }, down));
    if (hypervisors.length % viewsAtOnce === 0) await afterEvents();
  }
  return { body: { hypervisors, ...(links.length > 0 && { hypervisors_links: links }) } };
}

/**
 * Pages since 2.33, part of a name since 2.53; not both. A part that nothing matches is `notFound`.
 */
async function selectHypervisors(
  call: Call,
): Promise<{ items: NumberedHost[]; links: readonly Link[] }> {
  const { query, version } = call;
  const part = version < 53 ? undefined : queryValue(query, 'hypervisor_hostname_pattern');
  if (part === undefined) {
    if (version >= 33) return pageOfHypervisors(call);
    return { items: await numberedHosts(call.context), links: [] };
  }
  if (query['limit'] !== undefined || query['marker'] !== undefined) {
    throw new ComputeError(
      'invalid',
      'Paging over hypervisors with the hypervisor_hostname_pattern query parameter is not supported.',
    );
  }
  return { items: matching(await numberedHosts(call.context), part), links: [] };
}

async function pageOfHypervisors(call: Call) {
  const limit = pageLimit(call.query);
  const marker = queryValue(call.query, 'marker');
  const last = marker === undefined ? undefined : await hostOfId(call, marker);
  if (marker !== undefined && last === undefined) {
    throw new ComputeError('invalid', `marker [${marker}] not found`);
  }
  const { hosts } = call.context.store;
  const wanted = { by: 'number', after: last?.number, limit } as const;
  const page = await readHosts((part) => hosts.summaries(part), wanted);
  const items = page.map(numbered);
  return { items, links: nextLinks(call, items, { limit, idOf: (each) => idOf(call, each) }) };
}

/** The host that has this id in this version. */
export async function hostOfId(call: Call, id: string): Promise<HostSummary | undefined> {
  const { hosts } = call.context.store;
  if (call.version >= 53) return (await hosts.summariesOf([id]))[0];
  if (!/^\d{1,15}$/.test(id)) return undefined;
  const [host] = await hosts.summaries({ by: 'number', after: Number(id) - 1, limit: 1 });
  return String(host?.number) === id ? host : undefined;
}

const idOf = (call: Call, { host, number }: NumberedHost) =>
  call.version >= 53 ? host.id : String(number);

/** Since 2.53. Throws `invalid`. */
function includesServers({ query, version }: Call): boolean {
  return version >= 53 && queryFlag(query, 'with_servers') === true;
}

/** `servers`: left out while empty before 2.75. */
async function serversOn(call: Call, host: HostSummary): Promise<View> {
  const found = await call.context.store.servers.select({
    where: [{ field: 'hostId', oneOf: [host.id] }],
    deleted: 'none',
    limit: Number.MAX_SAFE_INTEGER,
  });
  if (found.length === 0 && call.version < 75) return {};
  return { servers: found.map(({ id, name }) => ({ uuid: id, name })) };
}

function briefView(call: Call, { host }: NumberedHost): View {
  return {
    id: host.id,
    hypervisor_hostname: host.name,
    state: isUp(call.context, host) ? 'up' : 'down',
    status: host.enabled ? 'enabled' : 'disabled',
  };
}

function fullView(call: Call, each: NumberedHost): View {
  const { host } = each;
  return {
    ...briefView(call, each),
    hypervisor_type: host.facts.type,
    hypervisor_version: host.facts.version,
    host_ip: host.hostIp,
    service: { id: host.id, host: host.name, disabled_reason: host.disabledReason },
    uptime: (isUp(call.context, host) && call.context.links.uptimeOf(host.id)) || null,
  };
}
