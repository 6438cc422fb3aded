/** A host as version 0.2 and older enrolled it: with a token without an end. */
import type { Kysely } from 'kysely';
import type { ComputeTables } from '#integrations/database/engine/tables.ts';
import { sha256OfToken } from '#runtime/token-hash.ts';

export async function giveEndlessToken(
  db: Kysely<ComputeTables>,
  host: string,
  token: string,
): Promise<void> {
  const row = { host, token_sha256: sha256OfToken(token), created_at: 1, revoked_at: null };
  const whole = { ...row, join_token_sha256: null, join_expires_at: null, join_key_sha256: null };
  await db
    .insertInto('host_enrolments')
    .values(whole)
    .onConflict((conflict) => conflict.column('host').doUpdateSet(whole))
    .execute();
}
