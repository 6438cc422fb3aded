/** What slows PostgreSQL down: rows that were replaced, and who prevents their removal. */
import { type Kysely, sql } from 'kysely';
import { engineOf } from '../engine/per-engine.ts';

export interface VacuumFigures {
  /** Replaced and deleted rows that are still stored, as the server estimates them. */
  deadRows: { table: string; rows: number }[];
  /** Age of the oldest transaction that may still read such rows; 0: there is none. */
  oldestSnapshotSeconds: number;
}

/**
 * Undefined on SQLite, which has no such rows. A user without the role `pg_read_all_stats` sees the
 * transactions of its own sessions only, and prepared ones.
 */
export async function vacuumFigures<Tables>(
  db: Kysely<Tables>,
): Promise<VacuumFigures | undefined> {
  if (engineOf(db) === 'sqlite') return undefined;
  const { rows: deadRows } = await sql<{ table: string; rows: number }>`
    select relname::text as "table", n_dead_tup as "rows" from pg_stat_user_tables
    where schemaname = current_schema() order by relname`.execute(db);
  const { rows } = await sql<{ seconds: number }>`
    select coalesce(extract(epoch from clock_timestamp() - min(since))::double precision, 0) as seconds
    from (
      select xact_start as since from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()
        and (backend_xmin is not null or backend_xid is not null)
        and backend_type is distinct from 'autovacuum worker'
      union all
      select prepared from pg_prepared_xacts where database = current_database()
    ) as reading`.execute(db);
  return { deadRows, oldestSnapshotSeconds: rows[0]?.seconds ?? 0 };
}
