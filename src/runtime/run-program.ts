/** Runs a program of this machine: one PATH, plain English, a time limit, and a typed failure. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** Messages in English, and only programs of the system. */
const env = {
  LC_ALL: 'C',
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
};

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
