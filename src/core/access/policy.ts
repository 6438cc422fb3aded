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
 * What a call decides by the rights of its caller once it is under way, and the rule of each. Whole
 * calls have their rule in the table of routes. Source: Nova's policies and `api/openstack`.
 */
const decisions = {
  /** Key pairs of other users. */
  useKeyPairsOfAll: 'admin',
  /** Flavors that are not public, without access to them. */
  seeEveryFlavor: 'admin',
  /** Why a stored record cannot be read. */
  seeDamage: 'admin',
  /** With `all_projects`. */
  listGroupsOfAll: 'admin',
  /** With `deleted`, or the status DELETED alone. */
  listDeletedServers: 'admin',
  /** Filters by what members do not see; unknown ones are refused, not ignored. */
  filterServersByAll: 'admin',
  /** By host and the like. */
  sortServersByHost: 'admin',
  /** The host of a server, its name there, its user data. */
  seeServersHost: 'admin',
  /** The nodes and processors of its host that a server has. */
  seeHostTopology: 'admin',
  /** The messages of hosts and of the product itself, which name hosts, paths and programs. */
  seeInnerMessages: 'admin',
  /** The events of an action, before 2.51. */
  seeActionEvents: 'admin',
} as const satisfies Record<string, Rule>;

export type Decision = keyof typeof decisions;

/** Example: `may('seeDamage', caller)` → the reply gives the reason. */
export function may(decision: Decision, actor: Actor): boolean {
  return allows(decisions[decision], actor);
}

/**
 * May the caller see resources of this project? Administrators may see all; for others they do not
 * exist.
 */
export function maySee(actor: Actor, projectId: string): boolean {
  return actor.isAdmin || (actor.projectId !== '' && actor.projectId === projectId);
}
