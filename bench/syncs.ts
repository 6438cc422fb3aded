/**
 * The syncs of a process, as the kernel receives them: fsync and fdatasync of all its threads,
 * SQLite's own among them. Counted by strace, which slows the process down: only counts are taken.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

export interface Syncs {
  /** Of the database's files. */
  database: number;
  /** Of all else: guests of simulated hosts, images. */
  other: number;
}

/** Whether this machine has strace. */
export function canCountSyncs(): boolean {
  return spawnSync('strace', ['--version']).status === 0;
}

/** The syncs of the process while `work` runs. */
export async function syncsDuring(pid: number, work: () => Promise<unknown>): Promise<Syncs> {
  const folder = mkdtempSync(join(tmpdir(), 'novella-bench-'));
  const file = join(folder, 'syncs');
  const args = ['-f', '-y', '-e', 'trace=fsync,fdatasync', '-o', file, '-p', String(pid)];
  const strace = spawn('strace', args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = once(strace, 'exit');
  try {
    // It reports on standard error that it is attached.
    await once(createInterface({ input: strace.stderr }), 'line');
    await work();
    strace.kill('SIGINT');
    await ended;
    return syncsIn(readFileSync(file, 'utf8'));
  } finally {
    strace.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  }
}

/** Example line: `4711 fdatasync(21</tmp/x/novella.sqlite-wal>) = 0`. */
export function syncsIn(text: string): Syncs {
  const paths = Array.from(
    text.matchAll(/ f(?:data)?sync\(\d+<([^>]*)>/g),
    ([, path = '']) => path,
  );
  const database = paths.filter((path) => /\.sqlite(-wal|-shm|-journal)?$/.test(path)).length;
  return { database, other: paths.length - database };
}
