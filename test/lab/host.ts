/** Starts and stops the emulated compute host. */
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  type CommandServer,
  isReady,
  readFileAt,
  runScript,
  type ScriptOutcome,
} from './command-client.ts';
import { startEmulator } from './emulator.ts';
import { freePorts } from '#test/processes/free-ports.ts';
import { hostImage } from './image.ts';
import { labDevices, machineCommand, nvmeFile, type Twin } from './machine.ts';

export interface LabHostOptions {
  /**
   * A folder mounted at /mnt/share within. By default a temporary one; the caller's is not removed.
   */
  shareDirectory?: string;
  /** TCP ports within that the outside is to reach. Example: `[16509]` for libvirt. */
  forwards?: number[];
  /**
   * Folders of the outside, by the path they have within; read-only. Example: `{ '/novella/src':
   * sourceDirectory }`.
   */
  folders?: Record<string, string>;
  memoryMib?: number;
  /** One of two hosts that run at once. Default: it is alone. */
  twin?: Twin;
  /** Default: true. Without, its kernel is started with the IOMMU off. */
  withIommu?: boolean;
  /** The console on this terminal, with a shell; the host lives as long as the shell. */
  isInteractive?: boolean;
  /** Default: ten minutes, twenty times what two idle processors need. */
  startTimeoutMs?: number;
}

export interface LabHost {
  /** Runs a bash script within, as root. Default limit: ten minutes. */
  run(script: string, options?: { timeoutMs?: number }): Promise<ScriptOutcome>;
  /** The same; what it printed. Throws with script, output and console when it fails. */
  mustRun(script: string, options?: { timeoutMs?: number }): Promise<string>;
  /** The text of a file within, from a byte on. */
  readFile(path: string, offset?: number): Promise<string>;
  /** /mnt/share within. */
  shareDirectory: string;
  /** The port of 127.0.0.1 that leads to this port within. Throws when it was not requested. */
  portTo(portWithin: number): number;
  /** The last lines of the serial console; empty when that is on the terminal. */
  consoleTail(lines?: number): string;
  /**
   * Resolves when the emulator has ended, for whatever reason; it is ended when one of its
   * processors hangs.
   */
  ended: Promise<void>;
  hasEnded(): boolean;
  /** Ends it at once, as a power cut would, and removes what it left. */
  stop(): Promise<void>;
}

const commandPort = 8000;

/**
 * A host whose devices exist and whose libvirtd answers. Takes half a minute on two idle
 * processors. Restarted, twice, when the emulator lost a timer interrupt and one of the processors
 * hangs. Throws with the console's end when it does not come up.
 */
export async function startLabHost(options: LabHostOptions = {}): Promise<LabHost> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOnce(options);
    } catch (error) {
      if (attempt === 3 || !(error as Error).message.includes(lostTimer)) throw error;
    }
  }
}

/**
 * The kernel's message about a hung processor. Seen once in some dozen starts on a busy machine.
 */
const lostTimer = 'kthread timer wakeup didn';

async function startOnce(options: LabHostOptions): Promise<LabHost> {
  const image = await hostImage();
  const runDirectory = mkdtempSync(join(tmpdir(), 'novella-lab-'));
  const shareDirectory = options.shareDirectory ?? join(runDirectory, 'share');
  mkdirSync(shareDirectory, { recursive: true });
  writeFileSync(nvmeFile(runDirectory), labDevices.nvme.text.padEnd(1 << 20, '\0'));
  const password = randomUUID();
  writeFileSync(join(shareDirectory, '.command-password'), password, { mode: 0o600 });
  const within = [commandPort, ...(options.forwards ?? [])];
  const outside = await freePorts(within.length);
  const consoleFile = join(runDirectory, 'console.log');
  const command = machineCommand({
    image,
    ...(options.twin !== undefined && { twin: options.twin }),
    shareDirectory,
    runDirectory,
    folders: Object.values(options.folders ?? {}),
    memoryMib: options.memoryMib ?? 3072,
    withIommu: options.withIommu ?? true,
    forwards: new Map(within.map((port, at) => [outside[at]!, port])),
    console: options.isInteractive === true ? 'terminal' : { file: consoleFile },
  });
  const emulator = startEmulator(command, runDirectory, options.isInteractive === true);
  const server = { port: outside[0]!, password };
  const consoleTail = (lines = 40) => tailOf(consoleFile, lines);
  const watch = setInterval(() => {
    if (consoleTail().includes(lostTimer)) emulator.end();
  }, 1_000);
  watch.unref();
  const stop = async () => {
    clearInterval(watch);
    emulator.end();
    await emulator.ended;
    rmSync(runDirectory, { recursive: true, force: true });
    if (options.shareDirectory !== undefined)
      rmSync(join(shareDirectory, '.command-password'), { force: true });
  };
  const run: LabHost['run'] = (script, { timeoutMs = 600_000 } = {}) =>
    runScript(server, script, timeoutMs);
  const mustRun: LabHost['mustRun'] = async (script, options) => {
    const { code, stdout, stderr } = await run(script, options);
    if (code === 0) return stdout;
    const output = `${stdout}${stderr}\n${consoleTail()}`;
    throw new Error(`in the lab's host, exit ${code}:\n${script}\n${output}`);
  };
  try {
    await becomesReady(server, options.startTimeoutMs ?? 600_000, () => {
      if (emulator.hasEnded()) throw new Error('the emulator ended');
    });
    await mustRun(mounting(Object.keys(options.folders ?? {})));
  } catch (error) {
    const reported = `${String(error)}\n${emulator.output()}${consoleTail()}`;
    await stop();
    throw new Error(`the lab's host did not start: ${reported}`, { cause: error });
  }
  return {
    run,
    mustRun,
    readFile: (path, offset = 0) => readFileAt(server, path, offset),
    shareDirectory,
    portTo(port) {
      const at = within.indexOf(port);
      if (at < 0) throw new Error(`port ${port} of the lab's host was not forwarded`);
      return outside[at]!;
    },
    consoleTail,
    ended: emulator.ended,
    hasEnded: () => emulator.hasEnded(),
    stop,
  };
}

async function becomesReady(
  server: CommandServer,
  timeoutMs: number,
  checkEmulator: () => void,
): Promise<void> {
  const limit = Date.now() + timeoutMs;
  while (!(await isReady(server))) {
    checkEmulator();
    if (Date.now() > limit) throw new Error(`not ready after ${timeoutMs / 1000} s`);
    await delay(200);
  }
}

/** What is read is cached within: it does not change. */
function mounting(paths: string[]): string {
  const options = 'trans=virtio,version=9p2000.L,msize=524288,ro,cache=loose';
  const mounts = paths.map(
    (path, at) => `mkdir -p '${path}' && mount -t 9p -o ${options} folder${at} '${path}'`,
  );
  return ['set -e', ...mounts].join('\n');
}

function tailOf(file: string, lines: number): string {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
