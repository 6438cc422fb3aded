/**
 * Starts `novella up` as an operator does, on free ports and a temporary state directory, and
 * ends it.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { stringify } from 'yaml';
import { readCloud } from '#client/cloud/clouds-yaml.ts';
import { openSession, type Session } from '#client/session/session.ts';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** `hosts` equal simulated hosts of `pfs` PFs with `vfs` VFs each. */
export interface Fleet {
  hosts: number;
  pfs: number;
  vfs: number;
}

/** Among real services: the section `openstack` of the configuration. */
export type OpenStackSection = Record<string, string | number>;

export interface RunningNovella {
  process: ChildProcess;
  pid: number;
  databaseFile: string;
  computeUrl: string;
  /** From the start of the process to its ready line. */
  readyMs: number;
  login(): Promise<Session>;
  stop(): Promise<void>;
}

/**
 * Starts it and waits for its ready line. Without a fleet: the two hosts of the default
 * configuration. `probe`: the module of this folder that is loaded into it.
 */
export async function startNovella(
  fleet?: Fleet,
  openstack?: OpenStackSection,
  { probe }: { probe?: 'probe.ts' | 'memory-probe.ts' } = {},
): Promise<RunningNovella> {
  const folder = mkdtempSync(join(tmpdir(), 'novella-bench-'));
  const stateDir = join(folder, 'state');
  const config = join(folder, 'novella.yaml');
  const ports = { compute: 0, identity: 0, network: 0, image: 0, hosts: 0 };
  const simulated = fleet === undefined ? {} : { simulated: fleet };
  const services = openstack === undefined ? {} : { openstack };
  const quotas = { default: { instances: -1, cores: -1, ram: -1 } };
  writeFileSync(
    config,
    stringify({ state_dir: stateDir, ports, quotas, ...simulated, ...services }),
  );
  const log = join(folder, 'novella.log');
  const started = performance.now();
  const child = spawn(
    join(root, 'bin', 'novella'),
    ['up', '--config', config, '--ready-line'],
    // Its log is written as an operator would have it, but not between the figures.
    {
      cwd: root,
      stdio: [
        'ignore',
        'pipe',
        openSync(log, 'w'),
        ...(probe === undefined ? [] : ['ipc' as const]),
      ],
      env: {
        ...process.env,
        ...(probe !== undefined && { NODE_OPTIONS: `--import ./bench/${probe}` }),
      },
    },
  );
  const { urls } = await readyLine(child).catch((error: unknown) => {
    process.stderr.write(readFileSync(log));
    throw error;
  });
  const readyMs = performance.now() - started;
  return {
    process: child,
    pid: child.pid ?? 0,
    databaseFile: join(stateDir, 'novella.sqlite'),
    computeUrl: urls.compute,
    readyMs,
    login: () => openSession(readCloud(join(stateDir, 'clouds.yaml'))),
    stop: async () => {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Waits for `ready {…}`, and continues reading so that the pipe never fills. */
async function readyLine(child: ChildProcess): Promise<{ urls: { compute: string } }> {
  if (child.stdout === null) throw new Error('novella up: started without a pipe');
  const lines = createInterface({ input: child.stdout });
  return new Promise((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.startsWith('ready ')) resolve(JSON.parse(line.slice('ready '.length)));
    });
    child.once('exit', (code) => reject(new Error(`novella up ended with ${code} before ready`)));
  });
}

/** Resident memory of a process. Source: proc(5), /proc/PID/status, VmRSS. */
export function residentMib(pid: number): number {
  const kib = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kib === undefined) throw new Error(`/proc/${pid}/status has no VmRSS`);
  return Number(kib) / 1024;
}
