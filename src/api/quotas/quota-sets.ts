/**
 * `os-quota-sets`: the limits of a project, and with `user_id` those of a user in it. Source: Nova
 * `api/openstack/compute/quota_sets.py`.
 */
import { ComputeError } from '#core/errors.ts';
import { type SetLimits, standardInForce } from '#core/quotas/compute-quotas.ts';
import type { QuotaOwner } from '#contracts/store/projects/quota-store.ts';
import { queryValue } from '#http/routes/query.ts';
import { isSet } from '../requests/fields.ts';
import { requireOwnRule } from '../requests/permission.ts';
import type { Call, Reply } from '../requests/route.ts';
import { type QuotaSetBody, quotasOfSets } from './schemas.ts';

export const quotaSetQuery = ['user_id'] as const;

export async function showQuotaSet(call: Call): Promise<Reply> {
  const owner = await ownerOf(call);
  return viewSet(call, await limitsOf(call, owner), owner.projectId);
}

/** With what is in use. Nova counts neither members of groups nor metadata of servers here. */
export async function showQuotaSetInDetail(call: Call): Promise<Reply> {
  const owner = await ownerOf(call);
  const limits = await limitsOf(call, owner);
  const used = await call.context.store.quotas.usage(owner);
  const shown = quotasOfSets(call.version).map((name) => [
    name,
    { limit: limits[name], in_use: used[name] ?? 0, reserved: 0 },
  ]);
  return { body: { quota_set: { id: owner.projectId, ...Object.fromEntries(shown) } } };
}

/** What a project has for which nothing was set. */
export async function showDefaultQuotas(call: Call): Promise<Reply> {
  const projectId = await existingProject(call);
  const { store, configuredQuotas } = call.context;
  const { standard } = configuredQuotas(projectId);
  return viewSet(
    call,
    standardInForce(standard, await store.quotas.classLimits('default')),
    projectId,
  );
}

/** The reply has no `id`, unlike the others. */
export async function changeQuotaSet(call: Call<QuotaSetBody>): Promise<Reply> {
  const owner = await ownerOf(call);
  const { force, ...limits } = call.body.quota_set;
  const { store, configuredQuotas } = call.context;
  await store.quotas.set(owner, numbersOf(limits), {
    configured: configuredQuotas(owner.projectId),
    isForced: isSet(force ?? false),
  });
  return viewSet(call, await limitsOf(call, owner));
}

export async function deleteQuotaSet(call: Call): Promise<Reply> {
  const projectId = call.params['id'] ?? '';
  requireOwnRule(call, { project_id: projectId });
  await call.context.store.quotas.clear({ projectId, userId: userOf(call) });
  return {};
}

/** Checked limits as numbers. Example: `{ cores: '20' }` → `{ cores: 20 }`. */
export function numbersOf(limits: QuotaSetBody['quota_set']): SetLimits {
  return Object.fromEntries(Object.entries(limits).map(([name, limit]) => [name, Number(limit)]));
}

async function ownerOf(call: Call): Promise<QuotaOwner> {
  return { projectId: await existingProject(call), userId: userOf(call) };
}

/**
 * Throws `forbidden` where the rule of the call does not hold for this project, and `invalid` when
 * the identity service has no such project.
 */
async function existingProject(
  call: Pick<Call, 'context' | 'caller' | 'policy' | 'rule' | 'params'>,
): Promise<string> {
  const { context, caller, params } = call;
  const { id = '' } = params;
  requireOwnRule(call, { project_id: id });
  if (id === caller.projectId || (await context.identity.hasProject(id, caller))) return id;
  throw new ComputeError('invalid', `Project ID ${id} is not a valid project.`);
}

function userOf(call: Call): string | undefined {
  return queryValue(call.query, 'user_id') || undefined;
}

function limitsOf({ context }: Call, owner: QuotaOwner) {
  return context.store.quotas.limits(owner, context.configuredQuotas(owner.projectId));
}

function viewSet(call: Call, limits: SetLimits, id?: string): Reply {
  const shown = quotasOfSets(call.version).map((name) => [name, limits[name]]);
  return { body: { quota_set: { id, ...Object.fromEntries(shown) } } };
}
