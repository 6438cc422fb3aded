/** Figures of a database on PostgreSQL, read when they are scraped. */
import type { VacuumFigures } from '#integrations/database/postgres/vacuum-figures.ts';
import type { Metrics } from './metrics.ts';

/** Adds the gauges; the returned function reads them again. `read`: undefined on SQLite. */
export function databaseMetrics(
  metrics: Metrics,
  read: () => Promise<VacuumFigures | undefined>,
): () => Promise<void> {
  const dead = metrics.gauge({
    name: 'novella_database_dead_rows',
    help: 'Replaced and deleted rows that PostgreSQL has not removed yet',
    labelNames: ['table'],
  });
  const snapshot = metrics.gauge({
    name: 'novella_database_oldest_snapshot_seconds',
    help: 'Age of the oldest transaction in the database, which keeps dead rows; 0: there is none',
    labelNames: [],
  });
  // Absent on SQLite.
  snapshot.reset();
  return async () => {
    const figures = await read();
    if (figures === undefined) return;
    dead.reset();
    for (const { table, rows } of figures.deadRows) dead.set({ table }, rows);
    snapshot.set(figures.oldestSnapshotSeconds);
  };
}
