/** The application credentials of the identity store. */
import { readRows } from '../../rows/readable-rows.ts';
import { refuseDuplicate } from '../../engine/unique-violation.ts';
import { credentialShape, type Db, duplicate, type Part } from './tables.ts';
import { inTransaction } from '../../engine/transaction.ts';

/** Application credentials: read, added and removed. */
export function applicationCredentials(
  db: Db,
): Part<
  | 'addApplicationCredential'
  | 'applicationCredential'
  | 'applicationCredentials'
  | 'removeApplicationCredential'
> {
  return {
    async addApplicationCredential(credential) {
      const row = credentialShape.toRow(credential);
      await refuseDuplicate(duplicate('application_credential', credential.name), () =>
        db.insertInto('identityApplicationCredentials').values(row).execute(),
      );
    },
    async applicationCredential(id) {
      const row = await db
        .selectFrom('identityApplicationCredentials')
        .selectAll()
        .where('id', '=', id)
        .executeTakeFirst();
      return row && credentialShape.fromRow(row);
    },
    async applicationCredentials(userId) {
      const rows = await db
        .selectFrom('identityApplicationCredentials')
        .selectAll()
        .where('userId', '=', userId)
        .orderBy('name')
        .execute();
      return readRows('application credentials', rows, credentialShape.fromRow);
    },
    async removeApplicationCredential(id) {
      await inTransaction(db, (step) => removeCredential(step, id));
    },
  };
}

/** Removes one with the tokens that were issued for it. */
export async function removeCredential(db: Db, id: string): Promise<void> {
  await db.deleteFrom('identityTokens').where('applicationCredentialId', '=', id).execute();
  await db.deleteFrom('identityApplicationCredentials').where('id', '=', id).execute();
}
