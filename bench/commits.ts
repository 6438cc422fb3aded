/** The most that a database's file can do: commits of one row, each durable on its own. */
import { DatabaseSync } from 'node:sqlite';

/**
 * Commits per second through a connection of our own to this file, which a Novella may have open:
 * one row, one transaction, one sync each. A row changes each time: SQLite writes nothing else.
 */
export function oneRowCommitsPerSecond(databaseFile: string, count = 200): number {
  const db = new DatabaseSync(databaseFile, { timeout: 30_000 });
  try {
    db.exec('pragma synchronous = full');
    const [host] = db.prepare('select uuid from compute_nodes order by number limit 1').all();
    const seen = db.prepare('update compute_nodes set last_seen_at = ? where uuid = ?');
    const now = Date.now();
    const started = performance.now();
    for (let done = 0; done < count; done += 1) seen.run(now + done, host?.['uuid'] ?? null);
    return (count * 1_000) / (performance.now() - started);
  } finally {
    db.close();
  }
}
