/** What the rules in force allow a call, once its target is known. */
import { ownTarget, type Target } from '#core/access/rules/compute-policy.ts';
import type { RuleName } from '#core/access/rules/standard-rules.ts';
import { ComputeError } from '#core/errors.ts';
import type { Call, RouteRule } from './route.ts';

type PolicyCall = Pick<Call, 'policy' | 'caller'>;

/** What belongs to a project, and mostly to a user there. */
export interface Owned {
  projectId: string;
  userId?: string | null;
}

/** Of what belongs to this project. Example: a server. */
export function targetOf({ projectId, userId }: Owned): Target {
  return { project_id: projectId, ...(typeof userId === 'string' && { user_id: userId }) };
}

/** Does the rule hold? Default target: the caller's own. */
export function isAllowed(call: PolicyCall, rule: RuleName, target?: Target): boolean {
  return call.policy.allows(rule, call.caller, target ?? ownTarget(call.caller));
}

/** Throws `forbidden`, naming the rule, unless it holds. Default target: the caller's own. */
export function requireRule(call: PolicyCall, rule: RuleName, target?: Target): void {
  if (!isAllowed(call, rule, target)) throw refusedBy(rule);
}

/** Throws `forbidden` unless the rule of the call's row holds for its resource. */
export function requireOwnRule(call: PolicyCall & Pick<Call, 'rule'>, target: Target): void {
  const rules = namesOf(call.rule);
  const [first] = rules;
  if (first === undefined || rules.some((rule) => isAllowed(call, rule, target))) return;
  throw refusedBy(first);
}

/** [] for a row that has none. */
export function namesOf(rule: RouteRule): readonly RuleName[] {
  if (rule === 'signed-in') return [];
  return typeof rule === 'string' ? [rule] : rule;
}

/** In Nova's words. */
export function refusedBy(rule: string): ComputeError {
  return new ComputeError('forbidden', `Policy doesn't allow ${rule} to be performed.`);
}
