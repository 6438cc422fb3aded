/** Enrolled hosts: one row each, with the hashes of its tokens; and their certificates. */
import type { Expression, ExpressionBuilder, Kysely, SqlBool } from 'kysely';
import type {
  Enrolment,
  EnrolmentStore,
  HostCertificate,
  IssuedFor,
  NewJoinToken,
} from '#contracts/store/enrolments.ts';
import { ComputeError } from '#core/errors.ts';
import { type FieldMap, toFields, toRow } from '../rows/field-map.ts';
import type { ComputeTables, HostCertificateRow, HostEnrolmentRow } from '../engine/tables.ts';
import { inTransaction } from '../engine/transaction.ts';

type Db = Kysely<ComputeTables>;

const enrolmentMap: FieldMap<Enrolment, HostEnrolmentRow> = {
  host: ['host', 'plain'],
  createdAt: ['created_at', 'plain'],
  revokedAt: ['revoked_at', 'plain'],
  joinTokenSha256: ['join_token_sha256', 'plain'],
  joinExpiresAt: ['join_expires_at', 'plain'],
  joinKeySha256: ['join_key_sha256', 'plain'],
  tokenSha256: ['token_sha256', 'plain'],
};

const certificateMap: FieldMap<HostCertificate, HostCertificateRow> = {
  serial: ['serial', 'plain'],
  host: ['host', 'plain'],
  keySha256: ['key_sha256', 'plain'],
  certificate: ['certificate', 'plain'],
  notBefore: ['not_before', 'plain'],
  notAfter: ['not_after', 'plain'],
  revokedAt: ['revoked_at', 'plain'],
};

export function enrolmentStore(db: Db): EnrolmentStore {
  const found = async (column: 'host' | 'token_sha256' | 'join_token_sha256', value: string) => {
    const row = await db
      .selectFrom('host_enrolments')
      .selectAll()
      .where(column, '=', value)
      .executeTakeFirst();
    return row && toFields(enrolmentMap, row);
  };
  return {
    enroll: (token, how) => inTransaction(db, (trx) => enroll(trx, token, how)),
    list: (host) => list(db, host),
    named: (host) => found('host', host),
    ofToken: (hash) => found('token_sha256', hash),
    ofJoinToken: (hash) => found('join_token_sha256', hash),
    certificates: (serials) => certificates(db, serials),
    async certificateOfKey(key) {
      const row = await db
        .selectFrom('host_certificates')
        .selectAll()
        .where('key_sha256', '=', key)
        .executeTakeFirst();
      return row && toFields(certificateMap, row);
    },
    certify: (certificate, issuedFor) =>
      inTransaction(db, (trx) => certify(trx, certificate, issuedFor)),
    unsettled: (hosts) => unsettled(db, hosts),
    revokeOlder: (than, at) => revokeOlder(db, than, at),
    async dropToken(host) {
      const none = { token_sha256: null };
      await db.updateTable('host_enrolments').set(none).where('host', '=', host).execute();
    },
    remove: (host) =>
      inTransaction(db, async (trx) => {
        await trx.deleteFrom('host_certificates').where('host', '=', host).execute();
        const { numDeletedRows } = await trx
          .deleteFrom('host_enrolments')
          .where('host', '=', host)
          .executeTakeFirst();
        return numDeletedRows > 0n;
      }),
    revoke: (host, at) => inTransaction(db, (trx) => revoke(trx, host, at)),
  };
}

async function certificates(
  db: Db,
  serials: readonly string[],
): Promise<Map<string, HostCertificate>> {
  if (serials.length === 0) return new Map();
  const rows = await db
    .selectFrom('host_certificates')
    .selectAll()
    .where('serial', 'in', serials)
    .execute();
  return new Map(rows.map((row) => [row.serial, toFields(certificateMap, row)]));
}

async function unsettled(db: Db, hosts: readonly string[]): Promise<Set<string>> {
  if (hosts.length === 0) return new Set();
  const certified = await db
    .selectFrom('host_certificates')
    .select('host')
    .where('host', 'in', hosts)
    .where('revoked_at', 'is', null)
    .groupBy('host')
    .having((eb) => eb.fn.countAll(), '>', 1)
    .union(
      db
        .selectFrom('host_enrolments')
        .select('host')
        .where('host', 'in', hosts)
        .where('token_sha256', 'is not', null),
    )
    .execute();
  return new Set(certified.map(({ host }) => host));
}

async function list(db: Db, host: string | undefined) {
  const enrolments = await db
    .selectFrom('host_enrolments')
    .selectAll()
    .$if(host !== undefined, (query) => query.where('host', '=', host ?? ''))
    .orderBy('host')
    .execute();
  const rows = await db
    .selectFrom('host_certificates')
    .selectAll()
    .$if(host !== undefined, (query) => query.where('host', '=', host ?? ''))
    .orderBy('not_after')
    .execute();
  const last = new Map(rows.map((row) => [row.host, toFields(certificateMap, row)]));
  return enrolments.map((row) => {
    const enrolment = toFields<Enrolment, HostEnrolmentRow>(enrolmentMap, row);
    return { ...enrolment, certificate: last.get(enrolment.host) ?? null };
  });
}

/** A single atomic statement: of two concurrent callers, the second changes no row. */
async function enroll(
  trx: Db,
  { host, createdAt, tokenSha256, expiresAt }: NewJoinToken,
  how: { replaces: boolean },
): Promise<void> {
  const enrolment: Enrolment = {
    host,
    createdAt,
    revokedAt: null,
    joinTokenSha256: tokenSha256,
    joinExpiresAt: expiresAt,
    joinKeySha256: null,
    tokenSha256: null,
  };
  const row = toRow(enrolmentMap, enrolment, {});
  const { numInsertedOrUpdatedRows: written } = await trx
    .insertInto('host_enrolments')
    .values(row)
    .onConflict((conflict) => {
      const renewed = conflict.column('host').doUpdateSet(row);
      return how.replaces ? renewed : renewed.where((eb) => isOver(eb, createdAt));
    })
    .executeTakeFirstOrThrow();
  if (written === 0n) {
    throw new ComputeError(
      'conflict',
      `Host ${host} is enrolled already; "novella host enroll ${host} --replace" gives it a new token and revokes what it has.`,
    );
  }
  await revokeCertificates(trx, host, createdAt);
}

/** The host has nothing by which it could join or connect. */
function isOver(
  eb: ExpressionBuilder<ComputeTables, 'host_enrolments'>,
  now: number,
): Expression<SqlBool> {
  const valid = eb
    .selectFrom('host_certificates')
    .select('host_certificates.id')
    .whereRef('host_certificates.host', '=', 'host_enrolments.host')
    .where('host_certificates.revoked_at', 'is', null)
    .where('host_certificates.not_after', '>', now);
  const joinIsOver = eb.or([
    eb('host_enrolments.join_token_sha256', 'is', null),
    eb('host_enrolments.join_key_sha256', 'is not', null),
    eb('host_enrolments.join_expires_at', '<=', now),
  ]);
  return eb.or([
    eb('host_enrolments.revoked_at', 'is not', null),
    eb.and([eb('host_enrolments.token_sha256', 'is', null), joinIsOver, eb.not(eb.exists(valid))]),
  ]);
}

async function certify(
  trx: Db,
  certificate: Omit<HostCertificate, 'revokedAt'>,
  issuedFor: IssuedFor,
): Promise<boolean> {
  const { host, keySha256, serial } = certificate;
  const isKnown = await trx
    .selectFrom('host_certificates')
    .select('id')
    .where('key_sha256', '=', keySha256)
    .executeTakeFirst();
  if (isKnown !== undefined || !(await useEntitlement(trx, host, { keySha256, issuedFor })))
    return false;
  const kept = issuedFor.kind === 'renewal' ? issuedFor.serial : serial;
  await trx
    .deleteFrom('host_certificates')
    .where('host', '=', host)
    .where('serial', '!=', kept)
    .execute();
  await trx
    .insertInto('host_certificates')
    .values(toRow(certificateMap, { ...certificate, revokedAt: null }, {}))
    .execute();
  return true;
}

/** False: what the certificate is issued for is valid no more. */
async function useEntitlement(
  trx: Db,
  host: string,
  { keySha256, issuedFor }: { keySha256: string; issuedFor: IssuedFor },
): Promise<boolean> {
  if (issuedFor.kind === 'renewal') {
    const valid = await trx
      .selectFrom('host_certificates')
      .select('id')
      .where('host', '=', host)
      .where('serial', '=', issuedFor.serial)
      .where('revoked_at', 'is', null)
      .executeTakeFirst();
    return valid !== undefined;
  }
  const admitted = trx
    .updateTable('host_enrolments')
    .set({ join_key_sha256: keySha256 })
    .where('host', '=', host)
    .where('revoked_at', 'is', null);
  const { numUpdatedRows } = await (issuedFor.kind === 'join'
    ? admitted
        .where('join_token_sha256', '=', issuedFor.tokenSha256)
        .where('join_key_sha256', 'is', null)
    : admitted.where('token_sha256', 'is not', null)
  ).executeTakeFirst();
  return numUpdatedRows > 0n;
}

async function revokeCertificates(trx: Db, host: string, at: number): Promise<void> {
  await trx
    .updateTable('host_certificates')
    .set({ revoked_at: at })
    .where('host', '=', host)
    .where('revoked_at', 'is', null)
    .execute();
}

/** Read first: most links are by a host's only certificate, and need no commit. */
async function revokeOlder(
  db: Db,
  { host, serial }: { host: string; serial: string },
  at: number,
): Promise<boolean> {
  const valid = await db
    .selectFrom('host_certificates')
    .select(['id', 'serial'])
    .where('host', '=', host)
    .where('revoked_at', 'is', null)
    .orderBy('id')
    .execute();
  const older = valid.slice(
    0,
    Math.max(
      valid.findIndex((each) => each.serial === serial),
      0,
    ),
  );
  if (older.length === 0) return false;
  const ids = older.map(({ id }) => id);
  await db
    .updateTable('host_certificates')
    .set({ revoked_at: at })
    .where('id', 'in', ids)
    .execute();
  return true;
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
  await revokeCertificates(trx, host, at);
}
