/** Enrolled hosts: one row each, with the hash of its token. */
import type { Kysely } from 'kysely';
import type { Enrolment, EnrolmentStore } from '#contracts/store/enrolments.ts';
import { ComputeError } from '#core/errors.ts';
import { type FieldMap, toFields, toRow } from '../rows/field-map.ts';
import type { ComputeTables, HostEnrolmentRow } from '../sqlite/tables.ts';

type Db = Kysely<ComputeTables>;

const enrolmentMap: FieldMap<Enrolment, HostEnrolmentRow> = {
  host: ['host', 'plain'],
  tokenSha256: ['token_sha256', 'plain'],
  createdAt: ['created_at', 'plain'],
  revokedAt: ['revoked_at', 'plain'],
};

export function enrolmentStore(db: Db): EnrolmentStore {
  const rows = () => db.selectFrom('host_enrolments').selectAll();
  return {
    enroll: (enrolment, how) =>
      db.transaction().execute((trx) => enroll(trx, { ...enrolment, revokedAt: null }, how)),
    list: async () =>
      (await rows().orderBy('host').execute()).map((row) => toFields(enrolmentMap, row)),
    ofToken: async (hash) => {
      const row = await rows().where('token_sha256', '=', hash).executeTakeFirst();
      return row && toFields(enrolmentMap, row);
    },
    remove: async (host) => {
      const { numDeletedRows } = await db
        .deleteFrom('host_enrolments')
        .where('host', '=', host)
        .executeTakeFirst();
      return numDeletedRows > 0n;
    },
    revoke: (host, at) => db.transaction().execute((trx) => revoke(trx, host, at)),
  };
}

/** A single atomic statement: of two concurrent callers, the second changes no row. */
async function enroll(trx: Db, enrolment: Enrolment, how: { replaces: boolean }): Promise<void> {
  const row = toRow(enrolmentMap, enrolment, {});
  const { numInsertedOrUpdatedRows: written } = await trx
    .insertInto('host_enrolments')
    .values(row)
    .onConflict((conflict) => {
      const renewed = conflict.column('host').doUpdateSet(row);
      return how.replaces ? renewed : renewed.where('host_enrolments.revoked_at', 'is not', null);
    })
    .executeTakeFirstOrThrow();
  if (written !== 0n) return;
  throw new ComputeError(
    'conflict',
    `Host ${enrolment.host} is enrolled already; "novella host enroll ${enrolment.host} --replace" gives it a new token and revokes the old one.`,
  );
}

async function revoke(trx: Db, host: string, at: number): Promise<void> {
  const found = await trx
    .selectFrom('host_enrolments')
    .select('revoked_at')
    .where('host', '=', host)
    .executeTakeFirst();
  if (found === undefined) throw new ComputeError('notFound', `Host ${host} is not enrolled.`);
  if (found.revoked_at !== null) return;
  await trx
    .updateTable('host_enrolments')
    .set({ revoked_at: at })
    .where('host', '=', host)
    .execute();
}
