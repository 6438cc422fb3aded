/**
 * The roles that imply others. Source: Keystone bootstrap, "implied roles" admin ⇒ manager ⇒ member
 * ⇒ reader.
 */

const order = ['admin', 'manager', 'member', 'reader'];

/** The roles, in lower case, that grant this one. Example: `member` → admin, manager, member. */
export function grantedBy(role: string): ReadonlySet<string> {
  const name = role.toLowerCase();
  return new Set([...order.slice(0, order.indexOf(name) + 1), name]);
}
