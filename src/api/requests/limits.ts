/**
 * `GET /limits`: how much a project may have, and what it uses. -1 is Nova's value for no limit.
 */
import { allows } from '#core/access/policy.ts';
import { ComputeError } from '#core/errors.ts';
import { type QuotaLimits, unlimited } from '#core/quotas/limits.ts';
import { type StepDown, steppedDown } from './microversions.ts';
import { queryValue } from '#http/routes/query.ts';
import type { Call, Reply } from './route.ts';

const steps: StepDown<QuotaLimits>[] = [
  { below: 57, undo: (view) => Object.assign(view, { maxPersonality: 0, maxPersonalitySize: 0 }) },
  {
    below: 39,
    undo: (view, limits) => Object.assign(view, { maxImageMeta: limits.metadata_items }),
  },
  {
    below: 36,
    undo: (view, limits) =>
      Object.assign(view, {
        maxSecurityGroups: limits.security_groups,
        maxSecurityGroupRules: limits.security_group_rules,
        maxTotalFloatingIps: unlimited,
        totalFloatingIpsUsed: 0,
        totalSecurityGroupsUsed: 0,
      }),
  },
];

export const limitsQuery = ['reserved', 'tenant_id'] as const;

export async function showLimits(call: Call): Promise<Reply> {
  const projectId = queryValue(call.query, 'tenant_id') ?? call.caller.projectId;
  if (projectId !== call.caller.projectId && !allows('admin', call.caller)) {
    throw new ComputeError(
      'forbidden',
      "Policy doesn't allow the limits of another project to be shown: it needs the role admin.",
    );
  }
  const { store, limitsOf } = call.context;
  const used = await store.quotaUsage(projectId);
  const limits = limitsOf(projectId);
  const absolute = {
    maxTotalInstances: limits.instances,
    maxTotalCores: limits.cores,
    maxTotalRAMSize: limits.ram,
    maxServerMeta: limits.metadata_items,
    maxTotalKeypairs: 0,
    maxServerGroups: limits.server_groups,
    maxServerGroupMembers: limits.server_group_members,
    totalInstancesUsed: used.instances,
    totalCoresUsed: used.cores,
    totalRAMUsed: used.ram,
    totalServerGroupsUsed: used.server_groups,
  };
  return {
    body: { limits: { rate: [], absolute: steppedDown(absolute, call.version, steps, limits) } },
  };
}
