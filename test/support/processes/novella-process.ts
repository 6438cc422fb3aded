/**
 * Novella as its users run it: a process of its own, on free ports, with a state directory that a
 * test owns.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { databaseOf } from '../postgres/database-of.ts';
import { starter } from './starter.ts';

export interface NovellaProcess {
  urls: { identity: string; compute: string; network: string; image: string };
  stateDir: string;
  cloudsYaml: string;
  pid: number;
  /** Sends SIGTERM and waits until it has ended. */
  stop(): Promise<void>;
  /** `kill -9`, and waits until it has ended. */
  kill(): Promise<void>;
}

/** A new directory for one test; `remove` it at the end. */
export function temporaryDirectory(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'novella-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/**
 * Starts `novella up` on free ports and waits until its API answers. Rejects with its output when
 * it ends before.
 */
export function startNovella(
  stateDir: string,
  moreArguments: string[] = [],
): Promise<NovellaProcess> {
  return startConfigured(stateDir, ['--free-ports', ...moreArguments]);
}

/**
 * As `startNovella`, on the ports of its configuration. `within`: a command that runs another in
 * its place.
 */
export async function startConfigured(
  stateDir: string,
  moreArguments: string[],
  within: string[] = [],
): Promise<NovellaProcess> {
  const database = await databaseOf(stateDir);
  const place = database === undefined ? [] : ['--database', database];
  const up = [starter, 'up', '--state-dir', stateDir, ...place, '--ready-line', ...moreArguments];
  const [command = '', ...args] = [...within, process.execPath, ...up];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const urls = await readyUrls(child);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    child.kill(signal);
    await ended;
  };
  return {
    urls,
    stateDir,
    cloudsYaml: join(stateDir, 'clouds.yaml'),
    pid: child.pid ?? -1,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}

function readyUrls(child: ChildProcess): Promise<NovellaProcess['urls']> {
  return new Promise((resolve, reject) => {
    const messages: string[] = [];
    child.stderr?.on('data', (chunk: Buffer) => messages.push(chunk.toString()));
    child.once('exit', (code) =>
      reject(new Error(`novella up ended with ${code}: ${messages.join('').slice(-4000)}`)),
    );
    if (child.stdout === null) return reject(new Error('no stdout'));
    createInterface({ input: child.stdout }).on('line', (line) => {
      messages.push(`${line}\n`);
      if (line.startsWith('ready ')) resolve(JSON.parse(line.slice(6)).urls);
    });
  });
}
