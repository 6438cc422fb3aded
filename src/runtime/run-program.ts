/**
 * Runs programs of this machine. Each runs without the environment of this process, which may hold
 * secrets: with the system's own PATH, so that nobody's directory is searched, and in English,
 * because outputs are parsed. Each has a time limit, after which it is killed, and fails as a typed
 * error.
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
  /** `ENOENT` and the like where it did not run, its exit status where it ended, else null. */
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
 * installed`, `timed out after 30 s`, or the lines of its standard error, joined by `; `. Example:
 * `await runProgram(['ip', '-json', 'link'], { timeoutMs: 30_000 })`.
 */
export async function runProgram(
  [program = '', ...args]: readonly string[],
  { timeoutMs, maxOutputBytes = 1024 ** 2 }: ProgramLimits,
): Promise<string> {
  const options = { env, timeout: timeoutMs, maxBuffer: maxOutputBytes };
  try {
    return (await promisify(execFile)(program, args, options)).stdout;
  } catch (cause) {
    throw failureOf(program, timeoutMs, cause as Failed);
  }
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
  code?: number | string;
  stderr?: string;
  killed?: boolean;
}

function failureOf(program: string, timeoutMs: number, cause: Failed): ProgramFailure {
  const { code = null, stderr = '', killed } = cause;
  const failure = (how: HowProgramFailed, message: string) =>
    new ProgramFailure(message, { how, code, stderr }, cause);
  if (code === 'ENOENT') return failure('missing', `program ${program} is not installed`);
  // Also set where there was too much output: that has a code.
  if (killed === true && code === null) {
    return failure('timed out', `timed out after ${timeoutMs / 1000} s`);
  }
  const lines = stderr.trim().replaceAll('\n', '; ');
  return failure('failed', lines === '' ? `${program} ended with ${code}` : lines);
}
