import { sql } from 'kysely';
import { expect, test } from 'vitest';
import { migrate } from '../migrate.ts';
import { openSqlite } from '../sqlite/sqlite.ts';
import type { ComputeTables } from '../engine/tables.ts';
import { computeStore } from '../store.ts';

test('a token from before stays valid, a revoked one revoked, and the host gets a certificate for it', async () => {
  const db = openSqlite<ComputeTables>(':memory:');
  try {
    await migrate(db, '0035-network-quotas');
    await sql`insert into host_enrolments (host, token_sha256, created_at, revoked_at)
      values ('hv1', 'aa', 5, null), ('hv2', 'bb', 6, 7)`.execute(db);
    await migrate(db);
    const { enrolments } = computeStore(db);
    expect(await enrolments.ofToken('aa')).toMatchObject({ host: 'hv1', revokedAt: null });
    expect(await enrolments.ofToken('bb')).toMatchObject({ host: 'hv2', revokedAt: 7 });
    const certificate = (host: string) => ({
      serial: `01-${host}`,
      host,
      keySha256: host,
      certificate: 'pem',
      notBefore: 8,
      notAfter: 9,
    });
    expect(await enrolments.certify(certificate('hv2'), { kind: 'token' })).toBe(false);
    expect(await enrolments.certify(certificate('hv1'), { kind: 'token' })).toBe(true);
    expect(await enrolments.unsettled(['hv1'])).toEqual(new Set(['hv1']));
    await enrolments.dropToken('hv1');
    expect(await enrolments.unsettled(['hv1'])).toEqual(new Set());
    expect(await enrolments.ofToken('aa')).toBeUndefined();
    expect(
      await enrolments.certify(
        { ...certificate('hv1'), serial: '02', keySha256: 'x' },
        { kind: 'token' },
      ),
    ).toBe(false);
  } finally {
    await db.destroy();
  }
});
