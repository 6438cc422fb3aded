/** The roles, and which ones a role implies. */
import type { StoredRole } from '#contracts/store/identity-store.ts';

/** Role names made on first start. */
export const roleNames = ['admin', 'manager', 'member', 'reader', 'service'] as const;

/** Source: Keystone's bootstrap: admin implies manager implies member implies reader. */
const implied: Record<string, string[]> = {
  admin: ['manager', 'member', 'reader'],
  manager: ['member', 'reader'],
  member: ['reader'],
};

/** The roles granted and those they imply, by name. Example: member → member, reader. */
export function effectiveRoles(granted: StoredRole[], all: StoredRole[]): StoredRole[] {
  const names = new Set(
    granted.flatMap(({ name }) => [
      name,
      ...(Object.hasOwn(implied, name) ? (implied[name] ?? []) : []),
    ]),
  );
  return all.filter(({ name }) => names.has(name));
}
