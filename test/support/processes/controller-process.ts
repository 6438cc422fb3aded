/** `novella controller` as a process of its own, on free ports. */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Ahead } from '../upgrade/version-ahead.ts';
import { starter } from './starter.ts';

export interface ControllerProcess {
  name: string;
  /** Of its compute API. */
  url: string;
  /** Where Prometheus reads, if that is configured. */
  metricsUrl: string | undefined;
  pid: number;
  /** Its exit code, or the signal that ended it. */
  ended: Promise<number | string>;
  /** Entries of its log, oldest first. */
  entries: { msg: string; level: number }[];
  /** Sends SIGTERM and waits until it has ended. */
  stop(): Promise<number | string>;
  /** `kill -9`, and waits until it has ended. */
  kill(): Promise<void>;
  /** SIGSTOP or SIGCONT. */
  signal(signal: 'SIGSTOP' | 'SIGCONT'): void;
}

const starterAhead = fileURLToPath(new URL('../upgrade/novella-ahead.ts', import.meta.url));

export interface ControllerPlan {
  name: string;
  configPath: string;
  /** It is of the version ahead. */
  ahead?: Ahead | undefined;
  /** Of its environment. */
  variables?: Record<string, string>;
}

/** Waits until its API answers. Rejects with its output when it ends before. */
export async function startControllerProcess({
  name,
  configPath,
  ahead,
  variables = {},
}: ControllerPlan): Promise<ControllerProcess> {
  const args = ['controller', '--config', configPath, '--name', name, '--ready-line'];
  const program = ahead === undefined ? starter : starterAhead;
  const child = spawn(process.execPath, [program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      ...variables,
      ...(ahead !== undefined && { NOVELLA_TEST_AHEAD: ahead }),
    },
  });
  const entries: ControllerProcess['entries'] = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    entries.push(line.startsWith('{') ? JSON.parse(line) : { msg: line, level: 0 });
  });
  const ended = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? '')),
  );
  const urls = await new Promise<{ compute: string; metrics?: string }>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      if (line.startsWith('ready ')) resolve(JSON.parse(line.slice(6)).urls);
    });
    void ended.then((code) => {
      const text = entries.map(({ msg }) => msg).join('\n');
      reject(new Error(`novella controller ended with ${code}: ${text.slice(-4_000)}`));
    });
  });
  return {
    name,
    url: urls.compute,
    metricsUrl: urls.metrics,
    pid: child.pid ?? -1,
    ended,
    entries,
    stop: () => {
      child.kill('SIGTERM');
      return ended;
    },
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    signal: (signal) => void child.kill(signal),
  };
}
