/** Quotas as Neutron shows and sets them; those that are not set are the configured ones. */
import type { Caller } from '#contracts/services/identity.ts';
import type { NetworkRows } from '#contracts/store/network-store.ts';
import type { GuardedCall } from '../../route-table.ts';
import { type NetworkContext, rightsOf } from './context.ts';
import { NetworkError } from './errors.ts';
import { counted, quotaOf, type QuotaResource, quotaResources } from './quota-check.ts';
import type { quotaBody, Requested } from './bodies.ts';

type Call = GuardedCall<Caller>;

const resourceNames = Object.keys(quotaResources) as QuotaResource[];

/** GET /v2.0/quotas/{project}. */
export function showQuota(context: NetworkContext) {
  return async (call: Call) => {
    refuseForeign(call);
    return shownQuota(context, call.params['project'] ?? '');
  };
}

async function shownQuota(context: NetworkContext, project: string) {
  const quota: Partial<Record<QuotaResource, number>> = {};
  for (const [name, { limit }] of await quotasOf(context, project)) quota[name] = limit;
  return { body: { quota } };
}

async function quotasOf({ store, limitsOf }: NetworkContext, projectId: string) {
  const limits = limitsOf(projectId);
  const all: [QuotaResource, { used: number; limit: number }][] = [];
  for (const resource of resourceNames) {
    all.push([resource, await quotaOf(store, limits, { projectId, resource })]);
  }
  return all;
}

/**
 * PUT /v2.0/quotas/{project}: those that are not named stay. A limit below the usage is refused
 * with `check_limit`, which stock clients send unless forced; otherwise what exceeds it stays.
 */
export function changeQuota(context: NetworkContext) {
  return async ({ params, body }: Call & { body: Requested<typeof quotaBody> }) => {
    const project = params['project'] ?? '';
    await context.store.atomic(async (rows) => {
      for (const name of resourceNames) {
        const limit = body[name];
        if (limit === undefined) continue;
        if (body.check_limit === true) await refuseBelowUsage(rows, { project, name, limit });
        await rows.setLimit(project, counted[name], limit);
      }
    });
    return shownQuota(context, project);
  };
}

async function refuseBelowUsage(
  rows: NetworkRows,
  { project, name, limit }: { project: string; name: QuotaResource; limit: number },
): Promise<void> {
  const { used } = await rows.usage(counted[name], project);
  if (limit === -1 || used <= limit) return;
  throw new NetworkError(
    'conflict',
    'InvalidQuotaValue',
    `quota.${name}: the limit ${limit} is below the usage of project ${project}, which is ${used}.`,
  );
}

/** DELETE /v2.0/quotas/{project}: the configured limits count again. */
export function resetQuota({ store }: NetworkContext) {
  return async ({ params }: Call) => {
    const project = params['project'] ?? '';
    if (await store.clearLimits(project)) return {};
    throw new NetworkError(
      'notFound',
      'TenantQuotaNotFound',
      `Quota for tenant ${project} could not be found.`,
    );
  };
}

/** GET /v2.0/quotas/{project}/default: of a project without exceptions. */
export function showDefaultQuota({ limitsOf }: NetworkContext) {
  return (call: Call) => {
    refuseForeign(call);
    const limits = limitsOf('');
    const shown = resourceNames.map((name) => [name, limits[quotaResources[name]]]);
    return { body: { quota: Object.fromEntries(shown) } };
  };
}

/** GET /v2.0/quotas/{project}/details.json: with how much is in use. */
export function showQuotaDetails(context: NetworkContext) {
  return async (call: Call) => {
    refuseForeign(call);
    const project = call.params['project'] ?? '';
    const quotas = await quotasOf(context, project);
    const details = quotas.map(([name, quota]) => [name, { ...quota, reserved: 0 }]);
    return { body: { quota: Object.fromEntries(details) } };
  };
}

function refuseForeign({ caller, params }: Call): void {
  const { projectId, isPrivileged } = rightsOf(caller);
  if (isPrivileged || params['project'] === projectId) return;
  throw new NetworkError(
    'forbidden',
    'PolicyNotAuthorized',
    'The quotas of another project may be read only with the role admin or service.',
  );
}
