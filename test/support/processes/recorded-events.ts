/**
 * How far a Novella in another process has come: the events of actions in its database, read from
 * outside. They only grow, so a moment that is waited for cannot be missed.
 */
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as pause } from 'node:timers/promises';
import { databaseOf } from '../postgres/database-of.ts';
import { onServer } from '../postgres/database.ts';

const timeoutMs = 60_000;
const pollMs = 2;

/** The events recorded so far. */
export function recordedEvents(stateDir: string): number {
  const database = new DatabaseSync(join(stateDir, 'novella.sqlite'), { readOnly: true });
  try {
    const row = database
      .prepare(
        `select sum(length(events) - length(replace(events, char(10), ''))) as count
        from instance_actions`,
      )
      .get();
    return Number(row?.['count'] ?? 0);
  } finally {
    database.close();
  }
}

async function recordedOnServer(url: string): Promise<number> {
  const [row] = await onServer(
    url,
    `select sum(length(events) - length(replace(events, chr(10), ''))) as count
      from instance_actions`,
  );
  return Number(row?.['count'] ?? 0);
}

/** Waits until this many are recorded. Throws when that takes longer than a minute. */
export async function untilRecorded(stateDir: string, count: number): Promise<void> {
  const url = await databaseOf(stateDir);
  const recorded = async () =>
    url === undefined ? recordedEvents(stateDir) : recordedOnServer(url);
  await until(`${count} events`, async () => (await recorded()) >= count);
}

/** Polls every two milliseconds. Throws after a minute, with what it waited for. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > end) throw new Error(`waited for ${what} for ${timeoutMs} ms`);
    await pause(pollMs);
  }
}
