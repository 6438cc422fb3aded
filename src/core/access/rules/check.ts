/**
 * The checks of oslo.policy as a syntax tree. Source: oslo.policy documentation, "Policy Rule
 * Expressions".
 */

/** What a check may compare of a caller. No token here has a system scope. */
export const credentialNames = ['user_id', 'project_id', 'user_domain_id', 'system_scope'] as const;
export type Credential = (typeof credentialNames)[number];

/** What a check may compare of that which a call is about. */
export const targetNames = ['project_id', 'user_id'] as const;
export type TargetKey = (typeof targetNames)[number];

export type Check =
  | { is: 'always' }
  | { is: 'never' }
  /** The caller's token lists it; upper and lower case are the same. */
  | { is: 'role'; role: string }
  /** `at`: its column in the check, from 1. */
  | { is: 'rule'; name: string; at: number }
  /** Whether `context_is_admin` holds. */
  | { is: 'admin'; expected: boolean }
  | { is: 'equal'; left: Left; right: Right }
  | { is: 'not'; check: Check }
  | { is: 'all'; checks: readonly Check[] }
  | { is: 'any'; checks: readonly Check[] };

type Left = { credential: Credential } | { text: string };
type Right = { target: TargetKey } | { text: string };

/** The names of the rules that it refers to, with their columns. */
export function referencesIn(check: Check): { name: string; at: number }[] {
  switch (check.is) {
    case 'rule':
      return [check];
    case 'admin':
      return [{ name: administrators, at: 1 }];
    case 'not':
      return referencesIn(check.check);
    case 'all':
    case 'any':
      return check.checks.flatMap(referencesIn);
    case 'always':
    case 'never':
    case 'role':
    case 'equal':
      return [];
  }
}

/** The rule that decides who is an administrator. */
export const administrators = 'context_is_admin';
