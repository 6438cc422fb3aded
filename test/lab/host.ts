/** Starts and stops the emulated compute host. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isReady, readFileAt, runScript, type ScriptOutcome } from './command-client.ts';
import { hostImage } from './image.ts';
import { labDevices, machineCommand, nvmeFile } from './machine.ts';

export interface LabHostWish {
  /** A folder to be /mnt/share within. A temporary one unless given; the caller's is not removed. */
  shareDirectory?: string;
  /** TCP ports within that the outside is to reach. Example: `[16509]` for libvirt. */
  forwards?: number[];
  memoryMib?: number;
  /** The console on this terminal, with a shell; the host lives as long as the shell. */
  isInteractive?: boolean;
  /** Default: four minutes, five times what two idle processors need. */
  startTimeoutMs?: number;
}

export interface LabHost {
  /** Runs a bash script within, as root. Default limit: two minutes. */
  run(script: string, options?: { timeoutMs?: number }): Promise<ScriptOutcome>;
  /** The same; what it printed. Throws with script, output and console when it fails. */
  mustRun(script: string, options?: { timeoutMs?: number }): Promise<string>;
  /** The text of a file within, from a byte on. */
  readFile(path: string, offset?: number): Promise<string>;
  /** /mnt/share within. */
  shareDirectory: string;
  /** The port of 127.0.0.1 that leads to this port within. Throws when it was not asked for. */
  portTo(portWithin: number): number;
  /** The last lines of the serial console; empty when that is on the terminal. */
  consoleTail(lines?: number): string;
  /** Resolves when the emulator has ended, for whatever reason. */
  ended: Promise<void>;
  /** Ends it at once, as a power cut would, and removes what it left. */
  stop(): Promise<void>;
}

const commandPort = 8000;

/** A host whose devices are there and whose libvirtd answers. Takes 20 to 40 s. Throws with the console's end when it does not come up. */
export async function startLabHost(wish: LabHostWish = {}): Promise<LabHost> {
  const image = await hostImage();
  const runDirectory = mkdtempSync(join(tmpdir(), 'novella-lab-'));
  const shareDirectory = wish.shareDirectory ?? join(runDirectory, 'share');
  mkdirSync(shareDirectory, { recursive: true });
  writeFileSync(nvmeFile(runDirectory), labDevices.nvme.text.padEnd(1 << 20, '\0'));
  const password = randomUUID();
  writeFileSync(join(shareDirectory, '.command-password'), password, { mode: 0o600 });
  const within = [commandPort, ...(wish.forwards ?? [])];
  const outside = await freePorts(within.length);
  const consoleFile = join(runDirectory, 'console.log');
  const command = machineCommand({
    image,
    shareDirectory,
    runDirectory,
    memoryMib: wish.memoryMib ?? 3072,
    forwards: new Map(within.map((port, at) => [outside[at]!, port])),
    console: wish.isInteractive === true ? 'terminal' : { file: consoleFile },
  });
  const emulator = startEmulator(command, runDirectory, wish.isInteractive === true);
  const server = { port: outside[0]!, password };
  const consoleTail = (lines = 40) => tailOf(consoleFile, lines);
  const stop = async () => {
    emulator.end();
    await emulator.ended;
    rmSync(runDirectory, { recursive: true, force: true });
    if (wish.shareDirectory !== undefined) rmSync(join(shareDirectory, '.command-password'));
  };
  const run: LabHost['run'] = (script, { timeoutMs = 120_000 } = {}) =>
    runScript(server, script, timeoutMs);
  try {
    await becomesReady(server, emulator, wish.startTimeoutMs ?? 240_000);
  } catch (error) {
    const told = `${String(error)}\n${emulator.said()}${consoleTail()}`;
    await stop();
    throw new Error(`the lab's host did not start: ${told}`, { cause: error });
  }
  return {
    run,
    async mustRun(script, options) {
      const { code, stdout, stderr } = await run(script, options);
      if (code === 0) return stdout;
      throw new Error(
        `in the lab's host, exit ${code}:\n${script}\n${stdout}${stderr}\n${consoleTail()}`,
      );
    },
    readFile: (path, offset = 0) => readFileAt(server, path, offset),
    shareDirectory,
    portTo(port) {
      const at = within.indexOf(port);
      if (at < 0) throw new Error(`port ${port} of the lab's host was not forwarded`);
      return outside[at]!;
    },
    consoleTail,
    ended: emulator.ended,
    stop,
  };
}

interface Emulator {
  hasEnded(): boolean;
  ended: Promise<void>;
  /** What it printed about itself. */
  said(): string;
  end(): void;
}

/** It is killed with this process, whatever ends that. */
function startEmulator(command: string[], folder: string, isInteractive: boolean): Emulator {
  const child: ChildProcess = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], {
    stdio: isInteractive ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    // Where it keeps what is written to the disks.
    env: { ...process.env, TMPDIR: folder },
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      said = `${said}${chunk.toString()}`.slice(-10_000);
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      said += String(error);
      resolve();
    });
    child.once('exit', () => resolve());
  });
  return {
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    ended,
    said: () => said,
    end: () => child.kill('SIGKILL'),
  };
}

async function becomesReady(
  server: { port: number; password: string },
  emulator: Emulator,
  timeoutMs: number,
): Promise<void> {
  const limit = Date.now() + timeoutMs;
  while (!(await isReady(server))) {
    if (emulator.hasEnded()) throw new Error('the emulator ended');
    if (Date.now() > limit) throw new Error(`not ready after ${timeoutMs / 1000} s`);
    await delay(200);
  }
}

/** Ports that nobody listens on now. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(
      (server) =>
        new Promise<number>((resolve, reject) => {
          server.once('error', reject);
          server.listen(0, '127.0.0.1', () => {
            const address = server.address();
            resolve(typeof address === 'object' && address !== null ? address.port : 0);
          });
        }),
    ),
  );
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}

function tailOf(file: string, lines: number): string {
  try {
    return readFileSync(file, 'utf8').split('\n').slice(-lines).join('\n');
  } catch {
    return '';
  }
}
