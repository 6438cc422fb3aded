/**
 * Who may do what, given the roles of a caller and the project of a target. Independent of tokens
 * and routes. The compute API has named rules beside it: `rules/compute-policy.ts`.
 */

/**
 * The least that a call of an embedded service requires of its caller. `service`: another OpenStack
 * service, or an administrator.
 */
export type Rule = 'reader' | 'member' | 'admin' | 'service';

/** What the rules check. */
export interface Actor {
  /** Those of the token, which also lists implied roles. */
  roles: readonly string[];
  isAdmin: boolean;
  projectId: string;
}

/**
 * May a caller with these roles make a call of this rule? Example: a member, whose token lists
 * `member` and `reader`, may `reader`; a reader may not `member`.
 */
export function allows(rule: Rule, { roles, isAdmin }: Actor): boolean {
  return isAdmin || roles.includes(rule);
}

/**
 * May the caller see resources of this project? Administrators may see all; for others they do not
 * exist.
 */
export function maySee(actor: Pick<Actor, 'isAdmin' | 'projectId'>, projectId: string): boolean {
  return actor.isAdmin || (actor.projectId !== '' && actor.projectId === projectId);
}
