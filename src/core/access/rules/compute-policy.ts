/**
 * The rules in force of the compute API: the standard ones, with those that an operator has
 * overridden. Each is compiled once.
 */
import { closestName } from '../../closest-name.ts';
import { ComputeError } from '../../errors.ts';
import { administrators, type Check, referencesIn, type TargetKey } from './check.ts';
import { parseCheck } from './parse-check.ts';
import { baseRules, type RuleName, standardRules } from './standard-rules.ts';

/** The caller, as rules see them. `projectId` '': the token is for no project. */
export interface Subject {
  /** Those of the token, which also lists implied roles. */
  roles: readonly string[];
  projectId: string;
  userId: string;
  /** Of the user. */
  domainId: string;
}

/** What a call is about. An absent part equals nothing. */
export type Target = { [Key in TargetKey]?: string };

/** true, false, or undefined: that depends on the target, which is not known yet. */
type Decision = boolean | undefined;
type Decide = (subject: Subject, target: Target | undefined) => Decision;

/** An overridden rule. `place` names it in errors. Example: `policy.yaml:3 admin_api`. */
export interface Override {
  name: string;
  check: Check;
  place: string;
}

export interface ComputePolicy {
  /** Whether the rule holds for this caller and target. */
  allows(rule: RuleName, subject: Subject, target: Target): boolean;
  /**
   * The same before the resource of a call was read: false only where no resource could make it
   * true.
   */
  mayAllow(rule: RuleName, subject: Subject): boolean;
  /** Whether the caller is an administrator: `context_is_admin`. */
  isAdmin(subject: Subject): boolean;
}

/**
 * Throws `invalid`, naming the place, for an unknown rule, a reference to one, and references in a
 * circle. A name of the operator's own is known if another rule refers to it.
 */
export function computePolicy(overrides: readonly Override[] = []): ComputePolicy {
  const checks = new Map(standardChecks());
  for (const { name, check } of overrides) checks.set(name, check);
  refuseUnknown(overrides, checks);
  for (const { name, place } of overrides) refuseCircle(name, place, checks);
  const decisions = new Map<string, Decide>();
  for (const name of checks.keys()) decisions.set(name, compiledRule(name, checks, decisions));
  const decide = (rule: string, subject: Subject, target: Target | undefined) =>
    decisions.get(rule)?.(subject, target);
  return {
    allows: (rule, subject, target) => decide(rule, subject, target) === true,
    mayAllow: (rule, subject) => decide(rule, subject, targetBefore(rule, subject)) !== false,
    isAdmin: (subject) => decide(administrators, subject, ownTarget(subject)) === true,
  };
}

/** The names that a policy file may override. */
export const ruleNames: readonly string[] = [
  ...Object.keys(baseRules),
  ...Object.keys(standardRules),
];

/** The default check of each name, as text. */
export function standardCheck(name: string): string | undefined {
  if (Object.hasOwn(baseRules, name)) return baseRules[name as keyof typeof baseRules];
  return Object.hasOwn(standardRules, name) ? standardRules[name as RuleName].check : undefined;
}

let parsed: ReadonlyMap<string, Check> | undefined;

function standardChecks(): ReadonlyMap<string, Check> {
  parsed ??= new Map(ruleNames.map((name) => [name, parseCheck(standardCheck(name) ?? '', name)]));
  return parsed;
}

export function ownTarget({ projectId, userId }: Subject): Target {
  return { project_id: projectId, user_id: userId };
}

/** undefined: it is not known before the resource was read. */
function targetBefore(rule: RuleName, subject: Subject): Target | undefined {
  const { about } = standardRules[rule];
  if (about === 'resource') return undefined;
  return about === 'caller' ? ownTarget(subject) : {};
}

function refuseUnknown(overrides: readonly Override[], checks: ReadonlyMap<string, Check>): void {
  const used = new Set(
    overrides.flatMap(({ check }) => referencesIn(check)).map(({ name }) => name),
  );
  for (const { name, check, place } of overrides) {
    if (standardCheck(name) === undefined && !used.has(name)) {
      const problem = `${place}: is not a rule of the compute API, and no rule here refers to it`;
      throw new ComputeError('invalid', `${problem}${hint(name)}`);
    }
    const missing = referencesIn(check).find((reference) => !checks.has(reference.name));
    if (missing === undefined) continue;
    throw new ComputeError(
      'invalid',
      `${place}: column ${missing.at} of the check: there is no rule ${missing.name}${hint(missing.name)}`,
    );
  }
}

function hint(name: string): string {
  const meant = closestName(name, ruleNames, 8);
  return meant === undefined ? '' : `; did you mean ${meant}?`;
}

// oxlint-disable-next-line max-params -- where it began, and the way so far
function refuseCircle(
  name: string,
  place: string,
  checks: ReadonlyMap<string, Check>,
  way: readonly string[] = [],
): void {
  const check = checks.get(name);
  if (check === undefined) return;
  const before = way.indexOf(name);
  if (before !== -1) {
    const circle = [...way.slice(before), name].join(' → ');
    throw new ComputeError('invalid', `${place}: refers to itself: ${circle}`);
  }
  for (const { name: next } of referencesIn(check)) {
    refuseCircle(next, place, checks, [...way, name]);
  }
}

// oxlint-disable-next-line max-params -- the rules and what is compiled of them
function compiledRule(
  name: string,
  checks: ReadonlyMap<string, Check>,
  done: Map<string, Decide>,
): Decide {
  const known = done.get(name);
  if (known !== undefined) return known;
  const check = checks.get(name) ?? { is: 'never' };
  const made = compiled(check, (other) => compiledRule(other, checks, done));
  done.set(name, made);
  return made;
}

function compiled(check: Check, ruleNamed: (name: string) => Decide): Decide {
  switch (check.is) {
    case 'always':
      return () => true;
    case 'never':
      return () => false;
    case 'role': {
      const name = check.role.toLowerCase();
      return ({ roles }) => roles.some((role) => role.toLowerCase() === name);
    }
    case 'rule':
      return ruleNamed(check.name);
    case 'admin': {
      const isAdmin = ruleNamed(administrators);
      return (subject) => (isAdmin(subject, ownTarget(subject)) === true) === check.expected;
    }
    case 'equal':
      return compiledEqual(check);
    case 'not': {
      const inner = compiled(check.check, ruleNamed);
      return (subject, target) => {
        const decision = inner(subject, target);
        return decision === undefined ? undefined : !decision;
      };
    }
    case 'all':
      return joined(check.checks, ruleNamed, false);
    case 'any':
      return joined(check.checks, ruleNamed, true);
  }
}

/** Ends at the first `decisive` one; of the rest, an unknown one leaves the whole unknown. */
// oxlint-disable-next-line max-params -- the checks and how they are joined
function joined(
  checks: readonly Check[],
  ruleNamed: (name: string) => Decide,
  decisive: boolean,
): Decide {
  const parts = checks.map((check) => compiled(check, ruleNamed));
  return (subject, target) => {
    let isUnknown = false;
    for (const part of parts) {
      const decision = part(subject, target);
      if (decision === decisive) return decisive;
      isUnknown ||= decision === undefined;
    }
    return isUnknown ? undefined : !decisive;
  };
}

function compiledEqual({ left, right }: Check & { is: 'equal' }): Decide {
  const leftOf = 'text' in left ? () => left.text : credentials[left.credential];
  if ('text' in right) return (subject) => leftOf(subject) === right.text;
  const key = right.target;
  return (subject, target) => {
    const value = leftOf(subject);
    if (value === undefined || value === '') return false;
    return target === undefined ? undefined : target[key] === value;
  };
}

const credentials: Record<
  Extract<Extract<Check, { is: 'equal' }>['left'], { credential: string }>['credential'],
  (subject: Subject) => string | undefined
> = {
  user_id: ({ userId }) => userId,
  project_id: ({ projectId }) => projectId,
  user_domain_id: ({ domainId }) => domainId,
  system_scope: () => undefined,
};
