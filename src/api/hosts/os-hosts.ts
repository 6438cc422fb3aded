/**
 * `os-hosts`, which ended with 2.42: `openstack host list|show|set` still call it. Source: Nova
 * `hosts.py`.
 */
import type { ShownServer } from '#contracts/store/server-selection.ts';
import type { HostSummary } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { queryValue } from '#http/routes/query.ts';
import { type Static, Type } from 'typebox';
import * as field from '../requests/fields.ts';
import { closed } from '../requests/json-schema.ts';
import { type Call, type Reply, type Route, withBody } from '../requests/route.ts';
import { everyHost } from './host-pages.ts';

/** Those that are enabled, or those of one zone. */
async function listHosts(call: Call): Promise<Reply> {
  // Nova takes an empty value as no filter.
  const zone = queryValue(call.query, 'zone') || undefined;
  const hosts = await everyHost(call.context.store.hosts);
  const found = hosts.filter(
    ({ enabled, availabilityZone }) => enabled && (zone === undefined || availabilityZone === zone),
  );
  const view = ({ name, availabilityZone }: HostSummary) => ({
    host_name: name,
    service: 'compute',
    zone: availabilityZone,
  });
  return { body: { hosts: found.map(view) } };
}

/** The resources of a host, what is in use, what its servers may use, and that by project. */
async function showHost(call: Call): Promise<Reply> {
  const host = await hostOf(call);
  const { store } = call.context;
  const found = await store.servers.select({
    where: [{ field: 'hostId', oneOf: [host.id] }],
    deleted: 'none',
    limit: Number.MAX_SAFE_INTEGER,
  });
  const servers = await store.servers.read(found.map(({ id }) => id));
  const { facts } = host;
  const total = { cpu: facts.vcpus, memory_mb: facts.memoryMib, disk_gb: facts.diskGib };
  const used = { cpu: host.vcpusUsed, memory_mb: host.memoryMibUsed, disk_gb: host.diskGibUsed };
  const projects = Map.groupBy(servers, ({ projectId }) => projectId);
  const rows: [string, Amounts][] = [
    ['(total)', total],
    ['(used_now)', used],
    ['(used_max)', sumOf(servers)],
    ...[...projects].map(([id, own]): [string, Amounts] => [id, sumOf(own)]),
  ];
  return {
    body: {
      host: rows.map(([project, amounts]) => ({
        resource: { host: host.name, project, ...amounts },
      })),
    },
  };
}

interface Amounts {
  cpu: number;
  memory_mb: number;
  disk_gb: number;
}

function sumOf(servers: readonly Pick<ShownServer, 'flavor'>[]): Amounts {
  const sum = { cpu: 0, memory_mb: 0, disk_gb: 0 };
  for (const { flavor } of servers) {
    sum.cpu += flavor.vcpus;
    sum.memory_mb += flavor.memoryMib;
    sum.disk_gb += flavor.diskGib + flavor.ephemeralGib;
  }
  return sum;
}

const setting = field.oneOf(['enable', 'Enable', 'ENABLE', 'disable', 'Disable', 'DISABLE']);
const changeBody = closed({
  status: Type.Optional(setting),
  maintenance_mode: Type.Optional(setting),
});

/** Whether servers may be placed on the host. */
async function changeHost(call: Call<Static<typeof changeBody>>): Promise<Reply> {
  const { status, maintenance_mode: maintenance } = call.body;
  if (maintenance !== undefined) {
    const message = 'Virt driver does not implement host maintenance mode.';
    throw new ComputeError('notImplemented', message);
  }
  if (status === undefined) {
    throw new ComputeError('invalid', "Field 'status' or 'maintenance_mode' must be given.");
  }
  const host = await hostOf(call);
  const enabled = status.toLowerCase() === 'enable';
  await call.context.workflows.setHostService(host.id, { enabled, disabledReason: null });
  return { body: { host: host.name, status: enabled ? 'enabled' : 'disabled' } };
}

async function hostOf({ context, params }: Call): Promise<HostSummary> {
  const name = params['id'] ?? '';
  const host = await context.store.hosts.named(name);
  if (host !== undefined) return host;
  throw new ComputeError('notFound', `Compute host ${name} could not be found.`);
}

const path = '/os-hosts';
const one = `${path}/:id`;
const rule = 'os_compute_api:os-hosts';
const to = 42;

export const oldHostRoutes: Route[] = [
  { method: 'GET', path, to, rule: `${rule}:list`, query: ['zone'], handler: listHosts },
  { method: 'GET', path: one, to, rule: `${rule}:show`, handler: showHost },
  {
    method: 'PUT',
    path: one,
    to,
    rule: `${rule}:update`,
    ...withBody(() => changeBody, changeHost),
  },
];
