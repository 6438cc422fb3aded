/** The rows of a service whose rules are roles. */
import { type Actor, allows } from '#core/access/policy.ts';
import type { Access } from './route.ts';

/** May this caller make a call of a row? Example: a member, of a row for members or services. */
export function admits(access: Access, actor: Actor): boolean {
  return access === 'signed-in' || [access].flat().some((rule) => allows(rule, actor));
}
