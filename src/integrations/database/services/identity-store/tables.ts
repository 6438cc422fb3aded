/** The tables of the identity store, and how their rows are read. */
import type { Kysely } from 'kysely';
import type {
  IdentityStore,
  RoleAssignment,
  StoredApplicationCredential,
  StoredProject,
  StoredRole,
  StoredToken,
  StoredUser,
} from '#contracts/store/identity-store.ts';
import { type RowOf, rowShape } from '../../rows/row-shape.ts';

export interface IdentityTables {
  identityProjects: RowOf<StoredProject, 'enabled'>;
  identityUsers: RowOf<StoredUser, 'enabled'>;
  identityRoles: StoredRole;
  identityRoleAssignments: RoleAssignment;
  identityApplicationCredentials: RowOf<StoredApplicationCredential, 'unrestricted', 'roleIds'>;
  identityTokens: RowOf<StoredToken, never, 'methods'>;
}

export const projectShape = rowShape<StoredProject>()(['enabled'], {});
export const userShape = rowShape<StoredUser>()(['enabled'], {});
export const tokenShape = rowShape<StoredToken>()([], { methods: '[]' });
export const credentialShape = rowShape<StoredApplicationCredential>()(['unrestricted'], {
  roleIds: '[]',
});

export type Db = Kysely<IdentityTables>;
export type Part<Names extends keyof IdentityStore> = Pick<IdentityStore, Names>;

/** A type, not an interface, which would have no index signature. */
export type Named = { name: string; domainId: string };

/** Example: `duplicate('role', 'member')`, in Keystone's words. */
export function duplicate(kind: string, name: string, domainId?: string): string {
  const where = domainId === undefined ? '' : ` at domain ID ${domainId}`;
  return `Conflict occurred attempting to store ${kind} - Duplicate entry found with name ${name}${where}.`;
}
