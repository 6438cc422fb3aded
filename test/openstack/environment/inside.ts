/**
 * Programs of the tree, with the tree as their root and a folder of the caller's as their home. The
 * tree itself they cannot change. Mounts live in a namespace of the program, and all its processes
 * in another: both end with it, and it ends with us. Needs root.
 */
import { type ChildProcess, spawn, type StdioOptions } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import process from 'node:process';
import { mustRun } from '#test/debian/must-run.ts';

export interface Place {
  tree: string;
  /** What programs inside see as `home`. */
  folder: string;
}

/** Where the folder is for programs inside, and where they start. */
export const home = '/mnt';

const enter = `set -e
tree=$1 folder=$2
shift 2
mount --bind "$tree" "$tree"
mount -o remount,bind,ro "$tree"
mount -t proc proc "$tree/proc"
mount --rbind /dev "$tree/dev"
mount -t tmpfs tmpfs "$tree/tmp"
mount -t tmpfs tmpfs "$tree/run"
mount --bind "$folder" "$tree${home}"
exec chroot "$tree" env -i -C ${home} "$@"`;

/** The command line, for a shell or a spawn. */
function commandLine({ tree, folder }: Place, env: Record<string, string>, command: string[]) {
  const variables = { PATH: '/usr/sbin:/usr/bin', HOME: home, LANG: 'C.UTF-8', ...env };
  return [
    ...['--pdeathsig', 'KILL', 'unshare', '--mount', '--pid', '--fork', '--kill-child'],
    ...['sh', '-c', enter, 'sh', tree, folder],
    ...Object.entries(variables).map(([name, value]) => `${name}=${value}`),
    ...command,
  ];
}

/**
 * Runs a program to its end and returns its output. Throws with the program's message when it
 * fails.
 */
export function runInside(
  place: Place,
  command: string[],
  env: Record<string, string> = {},
): Promise<string> {
  return mustRun('setpriv', commandLine(place, env, command));
}

export interface Running {
  /** Of the outermost of its processes. */
  pid: number;
  /** Settles when the last process has ended. */
  ended: Promise<void>;
  isRunning(): boolean;
  /** `kill -9` for all its processes, and waits until they have ended. */
  kill(): Promise<void>;
}

/** Starts a program with these streams. */
export function spawnInside(
  place: Place,
  command: string[],
  { env = {}, stdio }: { env?: Record<string, string>; stdio: StdioOptions },
): ChildProcess {
  if (process.getuid?.() !== 0) throw new Error('this test needs root: it makes namespaces');
  return spawn('setpriv', commandLine(place, env, command), { stdio });
}

/** Starts a program that keeps running; its output is added to the log file. */
export function startInside(
  place: Place,
  command: string[],
  { env, log }: { env: Record<string, string>; log: string },
): Running {
  const output = openSync(log, 'a');
  const child = spawnInside(place, command, { env, stdio: ['ignore', output, output] });
  closeSync(output);
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('exit', () => resolve());
  });
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    pid: child.pid ?? 0,
    ended,
    isRunning,
    async kill() {
      if (isRunning()) process.kill(firstOf(child), 'SIGKILL');
      await ended;
    },
  };
}

/** Process 1 of the namespace: `unshare` ends after it, and it ends after all the others. */
function firstOf({ pid = 0 }: ChildProcess): number {
  const [first] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
  return Number(first) || pid;
}
