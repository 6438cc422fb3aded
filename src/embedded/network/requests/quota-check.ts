/** Quotas of networks, subnets, ports and security groups: counted in the transaction that adds. */
import type { CountedKind, NetworkRows } from '#contracts/store/network-store.ts';
import { exceededQuotas } from '#core/quotas/check.ts';
import type { QuotaLimits } from '#core/quotas/limits.ts';
import type { NetworkContext } from './context.ts';
import { NetworkError } from './errors.ts';

/** Neutron's name for a thing → ours. */
export const quotaResources = {
  network: 'networks',
  subnet: 'subnets',
  port: 'ports',
  security_group: 'security_groups',
  security_group_rule: 'security_group_rules',
} as const;
export type QuotaResource = keyof typeof quotaResources;

export const counted: Record<QuotaResource, CountedKind> = {
  network: 'networks',
  subnet: 'subnets',
  port: 'ports',
  security_group: 'securityGroups',
  security_group_rule: 'securityGroupRules',
};

/** How many the project has, and may have: what was set for it, or else what was configured. */
export async function quotaOf(
  rows: NetworkRows,
  limits: QuotaLimits,
  { projectId, resource }: { projectId: string; resource: QuotaResource },
): Promise<{ used: number; limit: number }> {
  const { used, limit } = await rows.usage(counted[resource], projectId);
  return { used, limit: limit ?? limits[quotaResources[resource]] };
}

/**
 * May the project have this many more? Throws OverQuota (409), with Neutron's message. Example: `{
 * port: 1 }` beside 500 of 500 → "Quota exceeded for resources: ['port']: … has 500 of 500 ports
 * and asks for 1 more".
 */
export async function checkQuota(
  rows: NetworkRows,
  { limitsOf }: Pick<NetworkContext, 'limitsOf'>,
  { projectId, more }: { projectId: string; more: Partial<Record<QuotaResource, number>> },
): Promise<void> {
  const limits = limitsOf(projectId);
  const passed: { resource: QuotaResource; text: string }[] = [];
  for (const resource of Object.keys(more) as QuotaResource[]) {
    const text = await excessOf(rows, {
      limits,
      projectId,
      resource,
      moreCount: more[resource] ?? 0,
    });
    if (text !== undefined) passed.push({ resource, text });
  }
  if (passed.length === 0) return;
  const names = passed.map(({ resource }) => `'${resource}'`).join(', ');
  throw new NetworkError(
    'overQuota',
    'OverQuota',
    `Quota exceeded for resources: [${names}]: project ${projectId} has ${passed.map(({ text }) => text).join('; ')}.`,
  );
}

async function excessOf(
  rows: NetworkRows,
  given: { limits: QuotaLimits; projectId: string; resource: QuotaResource; moreCount: number },
): Promise<string | undefined> {
  const { limits, projectId, resource, moreCount } = given;
  const { used, limit } = await quotaOf(rows, limits, { projectId, resource });
  const exceeded = exceededQuotas(
    { [resource]: limit },
    { used: { [resource]: used }, requested: { [resource]: moreCount } },
  );
  if (exceeded.length === 0) return undefined;
  return `${used} of ${limit} ${quotaResources[resource]} and asks for ${moreCount} more`;
}
