/**
 * The quotas of the compute API: what was configured, below what administrators set through the
 * API. Source: Nova `quota.py` and `api/openstack/compute/quota_sets.py`.
 */
import { ComputeError } from '../errors.ts';
import { type Amounts, headroom, type Limits } from './check.ts';
import { type ConfiguredQuotas, type QuotaLimits, unlimited } from './limits.ts';

/**
 * As the API spells them. The addresses and the injected files are of services and features that
 * Nova removed: a limit can be set and read, and there is nothing that it could limit.
 */
export const computeQuotas = [
  'cores',
  'fixed_ips',
  'floating_ips',
  'injected_file_content_bytes',
  'injected_file_path_bytes',
  'injected_files',
  'instances',
  'key_pairs',
  'metadata_items',
  'ram',
  'security_group_rules',
  'security_groups',
  'server_group_members',
  'server_groups',
] as const;

export type ComputeQuota = (typeof computeQuotas)[number];

export type ComputeLimits = Limits<ComputeQuota>;

/** Limits that an administrator set; one that was not set is absent. */
export type SetLimits = Partial<ComputeLimits>;

/** Novella injects no files, and addresses are Neutron's. */
const unused = {
  fixed_ips: unlimited,
  floating_ips: unlimited,
  injected_file_content_bytes: 0,
  injected_file_path_bytes: 0,
  injected_files: 0,
};

/** What administrators set: for all projects, for the project, for the user in the project. */
export interface StoredLimits {
  standard: SetLimits;
  project: SetLimits;
  user: SetLimits;
}

/**
 * The limits of a project, and those of a user in it, from the least specific to the most: the
 * configuration's, those set for all projects, the configuration's exceptions for the project,
 * those set for the project, those set for the user. Example: a configured default of 10 instances
 * and 20 set for the project → 20.
 */
export function limitsInForce(
  { standard, exceptions }: ConfiguredQuotas,
  stored: StoredLimits,
): { project: ComputeLimits; user: ComputeLimits } {
  const project = {
    ...standardInForce(standard, stored.standard),
    ...ofCompute(exceptions),
    ...stored.project,
  };
  return { project, user: { ...project, ...stored.user } };
}

/** The limits of a project for which nothing was set or configured. */
export function standardInForce(configured: QuotaLimits, set: SetLimits): ComputeLimits {
  return {
    ...unused,
    ...(ofCompute(configured) as Omit<ComputeLimits, keyof typeof unused>),
    ...set,
  };
}

function ofCompute(limits: Partial<QuotaLimits>): SetLimits {
  const known: readonly string[] = computeQuotas;
  return Object.fromEntries(Object.entries(limits).filter(([name]) => known.includes(name)));
}

/** What a change of limits is checked against. */
export interface QuotaStanding {
  /** In force. */
  limits: ComputeLimits;
  /** In use, by the user where the limits are a user's. */
  used: Amounts<ComputeQuota>;
  /** The sum of the limits that were set for users of the project. */
  ofUsers: Amounts<ComputeQuota>;
}

/**
 * Throws `invalid` for a limit below what is in use, or, of a project, below what its users may
 * have together; -1 is above all. Example: `Quota limit 1 for instances must be greater than or
 * equal to already used and reserved 3.`
 */
export function checkProjectLimits(change: SetLimits, { used, ofUsers }: QuotaStanding): void {
  for (const [name, limit] of entriesOf(change)) {
    refuseBelow(name, limit, Math.max(used[name] ?? 0, ofUsers[name] ?? 0));
  }
}

/**
 * The same for a user, whose limit may also not exceed what the project's limit leaves beside those
 * of other users. `own`: the limits set for the user until now; `project`: of the project.
 */
export function checkUserLimits(
  change: SetLimits,
  { own, project, used }: { own: SetLimits; project: QuotaStanding; used: Amounts<ComputeQuota> },
): void {
  for (const [name, limit] of entriesOf(change)) {
    refuseBelow(name, limit, used[name] ?? 0);
    const others = (project.ofUsers[name] ?? 0) - Math.max(own[name] ?? 0, 0);
    const most = headroom(project.limits, name, others);
    if ((limit === unlimited ? Number.POSITIVE_INFINITY : limit) <= most) continue;
    throw new ComputeError(
      'invalid',
      `Quota limit ${limit} for ${name} must be less than or equal to ${most}.`,
    );
  }
}

function entriesOf(limits: SetLimits): [ComputeQuota, number][] {
  return Object.entries(limits) as [ComputeQuota, number][];
}

function refuseBelow(name: ComputeQuota, limit: number, least: number): void {
  if (limit === unlimited || limit >= least) return;
  throw new ComputeError(
    'invalid',
    `Quota limit ${limit} for ${name} must be greater than or equal to already used and reserved ${least}.`,
  );
}
