/**
 * Who may do what, given the roles of a caller and the project of a target. Independent of tokens
 * and routes.
 */

/**
 * The least that a call requires of its caller. `service`: another OpenStack service, or an
 * administrator.
 */
export type Rule = 'reader' | 'member' | 'admin' | 'service';

/** What the rules check. */
export interface Actor {
  roles: readonly string[];
  isAdmin: boolean;
  projectId: string;
}

/**
 * Each role with those it implies. Source: Keystone bootstrap, "implied roles" admin ⇒ manager ⇒
 * member ⇒ reader.
 */
const implied: Record<string, readonly string[]> = {
  reader: ['reader'],
  member: ['member', 'reader'],
  manager: ['manager', 'member', 'reader'],
  admin: ['admin', 'manager', 'member', 'reader', 'service'],
  service: ['service'],
};

/**
 * May a caller with these roles make a call of this rule? Example: member may `reader`; reader may
 * not `member`.
 */
export function allows(rule: Rule, actor: Actor): boolean {
  const roles = actor.isAdmin ? [...actor.roles, 'admin'] : actor.roles;
  return roles.some((role) => implied[role]?.includes(rule) === true);
}

/**
 * May the caller see resources of this project? Administrators may see all; for others they do not
 * exist.
 */
export function maySee(actor: Actor, projectId: string): boolean {
  return actor.isAdmin || (actor.projectId !== '' && actor.projectId === projectId);
}
