/**
 * The bodies that set limits. 2.36 removed the quotas of networking from quota sets and 2.50 from
 * quota classes; 2.57 removed those of injected files. Source: Nova
 * `schemas/quota_sets.py`, `schemas/quota_classes.py`.
 */
import { type Static, type TObject, Type } from 'typebox';
import { type ComputeQuota, computeQuotas } from '#core/quotas/compute-quotas.ts';
import * as field from '../requests/fields.ts';
import { closed } from '../requests/json-schema.ts';

const networking: readonly ComputeQuota[] = [
  'fixed_ips',
  'floating_ips',
  'security_group_rules',
  'security_groups',
];
const injected: readonly ComputeQuota[] = [
  'injected_file_content_bytes',
  'injected_file_path_bytes',
  'injected_files',
];

/** -1: no limit. */
const limit = Type.Union([
  Type.Literal(-1),
  Type.String({ pattern: '^-0*1$', rule: 'must be -1 or greater' }),
  field.wholeNumber(0),
]);

type Limits = Partial<Record<ComputeQuota, Static<typeof limit>>>;

/**
 * The quotas that a version has. `withoutNetworking`: the first minor version that lacks those of
 * networking.
 */
function quotasSince(version: number, withoutNetworking: number): ComputeQuota[] {
  return computeQuotas.filter(
    (name) =>
      !(version >= withoutNetworking && networking.includes(name)) &&
      !(version >= 57 && injected.includes(name)),
  );
}

/** Of a quota set. Example: 2.79 → without `fixed_ips`, `injected_files` … */
export const quotasOfSets = (version: number): ComputeQuota[] => quotasSince(version, 36);

/** Of a quota class, as its body has them. */
const quotasOfClassBody = (version: number): ComputeQuota[] => quotasSince(version, 50);

/** Of a quota class, as it is shown: before 2.50 without those of server groups. */
export function quotasOfClasses(version: number): ComputeQuota[] {
  const all = quotasOfClassBody(version);
  return version >= 50 ? all : all.filter((name) => !name.startsWith('server_group'));
}

const limits = (names: readonly ComputeQuota[]) =>
  Object.fromEntries(names.map((name) => [name, Type.Optional(limit)]));

/** Each schema once for each range of versions, so that it is compiled once. */
function perRange<Body>(
  starts: readonly number[],
  make: (version: number) => TObject,
): (version: number) => ReturnType<typeof Type.Unsafe<Body>> {
  const made = new Map<number, ReturnType<typeof Type.Unsafe<Body>>>();
  return (version) => {
    const since = starts.findLast((start) => start <= version) ?? 1;
    const schema = made.get(since) ?? Type.Unsafe<Body>(make(since));
    made.set(since, schema);
    return schema;
  };
}

export interface QuotaSetBody {
  quota_set: Limits & { force?: Static<typeof field.flag> };
}

export const quotaSetBody = perRange<QuotaSetBody>([1, 36, 57], (version) =>
  closed({
    quota_set: closed({ ...limits(quotasOfSets(version)), force: Type.Optional(field.flag) }),
  }),
);

export interface QuotaClassBody {
  quota_class_set: Limits;
}

export const quotaClassBody = perRange<QuotaClassBody>([1, 50, 57], (version) =>
  closed({ quota_class_set: closed(limits(quotasOfClassBody(version))) }),
);
