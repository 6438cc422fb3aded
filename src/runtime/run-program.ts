/**
 * Runs programs of this machine. Each runs without the environment of this process, which may hold
 * secrets: with the system's own PATH, so that no user's directory is searched, and in English,
 * because outputs are parsed. Each has a time limit, after which it is killed, whatever signals it
 * traps, and fails as a typed error.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const env = {
  LC_ALL: 'C',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

/**
 * Runs one program and returns its standard output. Throws ProgramFailure. For parts that are given
 * the runner, so that tests can answer instead. Example: `run(['ip', '-json', 'link'])`.
 */
export type RunProgram = (command: readonly string[]) => Promise<string>;

export interface ProgramLimits {
  timeoutMs: number;
  /** Of standard output; default 1 MiB. */
  maxOutputBytes?: number;
}

/** `missing`: there is no such program. */
export type HowProgramFailed = 'missing' | 'timed out' | 'failed';

export class ProgramFailure extends Error {
  readonly how: HowProgramFailed;
  /**
   * `ENOENT` and the like where it did not run, its exit status where it ended, null where it was
   * killed.
   */
  readonly code: string | number | null;
  readonly stderr: string;

  constructor(
    message: string,
    { how, code, stderr }: Pick<ProgramFailure, 'how' | 'code' | 'stderr'>,
    cause: unknown,
  ) {
    super(message, { cause });
    this.how = how;
    this.code = code;
    this.stderr = stderr;
  }
}

/**
 * Its standard output. Throws ProgramFailure, whose message is complete: `program ip is not
 * installed`, `timed out after 30 s`, `ip was killed by SIGSEGV`, or the lines of its standard
 * error, joined by `; `. Example: `await runProgram(['ip', '-json', 'link'], { timeoutMs: 30_000
 * })`.
 */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  { timeoutMs, maxOutputBytes = 1024 ** 2 }: ProgramLimits,
): Promise<string> {
  const killSignal = 'SIGKILL';
  let isLate = false;
  let timer: NodeJS.Timeout | undefined;
  try {
    const options = { env, killSignal, maxBuffer: maxOutputBytes } as const;
    const running = promisify(execFile)(program, args, options);
    timer = setTimeout(() => {
      isLate = true;
      // A program that it started may hold them open.
      running.child.stdout?.destroy();
      running.child.stderr?.destroy();
      running.child.kill(killSignal);
    }, timeoutMs);
    const { stdout } = await running;
    if (!isLate) return stdout;
  } catch (cause) {
    if (!isLate) throw failureOf(program, cause as Failed);
  } finally {
    clearTimeout(timer);
  }
  const message = `timed out after ${timeoutMs / 1000} s`;
  throw new ProgramFailure(message, { how: 'timed out', code: null, stderr: '' }, undefined);
}

/** A runner with these limits. Example: `programRunner({ timeoutMs: 30_000 })(['uptime'])`. */
export function programRunner(limits: ProgramLimits): RunProgram {
  return (command) => runProgram(command, limits);
}

/**
 * For tools that list or change devices and links: `ip`, `udevadm`. A change of hundreds of devices
 * takes seconds, and a list of thousands has megabytes: 30 s, 64 MiB.
 */
export const runDeviceTool = programRunner({
  timeoutMs: 30_000,
  maxOutputBytes: 64 * 1024 ** 2,
});

/** For a question with a short answer, such as a program's version: 10 s, 1 MiB. */
export const askProgram = programRunner({ timeoutMs: 10_000 });

interface Failed {
  code?: number | string | null;
  signal?: string | null;
  stderr?: string;
}

function failureOf(program: string, cause: Failed): ProgramFailure {
  const { code = null, signal = null, stderr = '' } = cause;
  const failure = (how: HowProgramFailed, message: string) =>
    new ProgramFailure(message, { how, code, stderr }, cause);
  if (code === 'ENOENT') return failure('missing', `program ${program} is not installed`);
  const lines = stderr.trim().replaceAll('\n', '; ');
  if (code === null && signal !== null) {
    const end = `${program} was killed by ${signal}`;
    return failure('failed', lines === '' ? end : `${end}: ${lines}`);
  }
  return failure('failed', lines === '' ? `${program} ended with ${code}` : lines);
}
