/** The identity store in SQL. */
import { CamelCasePlugin, type Kysely } from 'kysely';
import type { IdentityStore } from '#contracts/store/identity-store.ts';
import { applicationCredentials } from './identity-store/application-credentials.ts';
import { projects } from './identity-store/projects.ts';
import { roles } from './identity-store/roles.ts';
import type { Db } from './identity-store/tables.ts';
import { tokens } from './identity-store/tokens.ts';
import { users } from './identity-store/users.ts';

/** The identity store over a database that has migration 0028. */
export function createIdentityStore<Tables>(database: Kysely<Tables>): IdentityStore {
  const db = database.withPlugin(new CamelCasePlugin()) as unknown as Db;
  return {
    ...projects(db),
    ...users(db),
    ...roles(db),
    ...applicationCredentials(db),
    ...tokens(db),
  };
}
