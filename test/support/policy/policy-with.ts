/** The policy of the compute API with these rules. Example: `policyWith({ admin_api: '!' })`. */
import { type ComputePolicy, computePolicy } from '#core/access/rules/compute-policy.ts';
import { parseCheck } from '#core/access/rules/parse-check.ts';

export function policyWith(rules: Record<string, string>): ComputePolicy {
  const overrides = Object.entries(rules).map(([name, check]) => ({
    name,
    check: parseCheck(check, name),
    place: name,
  }));
  return computePolicy(overrides);
}
