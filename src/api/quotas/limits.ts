/**
 * `GET /limits`: how much a project may have, and what it uses. -1 is Nova's value for no limit.
 */
import type { ComputeLimits } from '#core/quotas/compute-quotas.ts';
import { queryValue } from '#http/routes/query.ts';
import { type StepDown, steppedDown } from '../requests/microversions.ts';
import { requireRule } from '../requests/permission.ts';
import type { Call, Reply } from '../requests/route.ts';

const steps: StepDown<ComputeLimits>[] = [
  {
    below: 57,
    undo: (view, limits) =>
      Object.assign(view, {
        maxPersonality: limits.injected_files,
        maxPersonalitySize: limits.injected_file_content_bytes,
      }),
  },
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
        maxTotalFloatingIps: limits.floating_ips,
        totalFloatingIpsUsed: 0,
        totalSecurityGroupsUsed: 0,
      }),
  },
];

export const limitsQuery = ['reserved', 'tenant_id'] as const;

export async function showLimits(call: Call): Promise<Reply> {
  const projectId = queryValue(call.query, 'tenant_id') ?? call.caller.projectId;
  if (projectId !== call.caller.projectId) {
    requireRule(call, 'os_compute_api:limits:other_project');
  }
  const { store, configuredQuotas } = call.context;
  const used = await store.quotaUsage(projectId);
  const limits = await store.quotas.limits({ projectId }, configuredQuotas(projectId));
  const absolute = {
    maxTotalInstances: limits.instances,
    maxTotalCores: limits.cores,
    maxTotalRAMSize: limits.ram,
    maxServerMeta: limits.metadata_items,
    maxTotalKeypairs: limits.key_pairs,
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
