/** The emulator's process. */
import { type ChildProcess, spawn } from 'node:child_process';
import process from 'node:process';

interface Emulator {
  hasEnded(): boolean;
  ended: Promise<void>;
  /** Its output about itself. */
  output(): string;
  end(): void;
}

/**
 * Starts it; `folder` is for its temporary files. It is killed with this process, however that
 * ends.
 */
export function startEmulator(command: string[], folder: string, isInteractive: boolean): Emulator {
  const child: ChildProcess = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...command], {
    stdio: isInteractive ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    // Where it keeps what is written to the disks.
    env: { ...process.env, TMPDIR: folder },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      output = `${output}${chunk.toString()}`.slice(-10_000);
    });
  }
  const ended = new Promise<void>((resolve) => {
    child.once('error', (error) => {
      output += String(error);
      resolve();
    });
    child.once('exit', () => resolve());
  });
  return {
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    ended,
    output: () => output,
    end: () => child.kill('SIGKILL'),
  };
}
