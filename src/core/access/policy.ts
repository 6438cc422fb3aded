/**
 * Who may do what, given the roles of a caller and the project of a target. Independent of tokens
 * and routes. The compute API has named rules beside it: `rules/compute-policy.ts`.
 */
import { grantedBy } from './implied-roles.ts';

/**
 * The least that a call of an embedded service requires of its caller. `service`: another OpenStack
 * service, or an administrator.
 */
export type Rule = 'reader' | 'member' | 'admin' | 'service';

/** What the rules check. */
export interface Actor {
  roles: readonly string[];
  isAdmin: boolean;
  projectId: string;
}

const sufficient: Record<Rule, ReadonlySet<string>> = {
  reader: grantedBy('reader'),
  member: grantedBy('member'),
  admin: grantedBy('admin'),
  service: new Set(['service', 'admin']),
};

/**
 * May a caller with these roles make a call of this rule? Example: member may `reader`; reader may
 * not `member`.
 */
export function allows(rule: Rule, { roles, isAdmin }: Actor): boolean {
  return isAdmin || roles.some((role) => sufficient[rule].has(role));
}

/**
 * May the caller see resources of this project? Administrators may see all; for others they do not
 * exist.
 */
export function maySee(actor: Pick<Actor, 'isAdmin' | 'projectId'>, projectId: string): boolean {
  return actor.isAdmin || (actor.projectId !== '' && actor.projectId === projectId);
}
