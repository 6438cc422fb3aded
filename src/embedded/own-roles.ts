/**
 * A caller of the compute API as these services see it. Its policy file decides who is an
 * administrator there; here the role does.
 */
import type { Caller } from '#contracts/services/identity.ts';

export function withOwnRoles(caller: Caller): Caller {
  return { ...caller, isAdmin: caller.roles.includes('admin') };
}
