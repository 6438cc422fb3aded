/** Runs a program of the host and gives what it said; an error has the program's own words. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { ComputeError } from '#core/errors.ts';

const execFileText = promisify(execFile);

/** How a program failed: its words, or that it is not there. */
export class ToolFailure extends ComputeError {
  /** The host has no such program. */
  readonly isMissing: boolean;
  /** null: it did not come to an end. */
  readonly exitCode: number | null;

  constructor(
    message: string,
    more: { isMissing: boolean; exitCode: number | null; cause: unknown },
  ) {
    super('unavailable', message, { cause: more.cause });
    this.isMissing = more.isMissing;
    this.exitCode = more.exitCode;
  }
}

interface Tool {
  program: string;
  args: string[];
  /** The Debian package that has it. */
  debianPackage: string;
}

const longestMs = 300_000;

/**
 * Its standard output. Throws ToolFailure. Example: `qemu-img: Could not open '/…': No such file or
 * directory`.
 */
export async function runTool({ program, args, debianPackage }: Tool): Promise<string> {
  try {
    const { stdout } = await execFileText(program, args, {
      timeout: longestMs,
      maxBuffer: 16 * 1024 * 1024,
      env: { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', LC_ALL: 'C' },
    });
    return stdout;
  } catch (cause) {
    throw failureOf(cause as Failed, program, debianPackage);
  }
}

interface Failed {
  code?: number | string;
  stderr?: string;
  killed?: boolean;
}

function failureOf(cause: Failed, program: string, debianPackage: string): ToolFailure {
  const { code, stderr = '', killed } = cause;
  const isMissing = code === 'ENOENT';
  const exitCode = typeof code === 'number' ? code : null;
  const more = { isMissing, exitCode, cause };
  if (isMissing) {
    return new ToolFailure(
      `${program} is not on this host: install the Debian package ${debianPackage}`,
      more,
    );
  }
  if (killed === true) {
    return new ToolFailure(`${program} did not end within ${longestMs / 1000} s`, more);
  }
  const said = stderr.trim().split('\n').at(-1);
  return new ToolFailure(said || `${program} ended with ${code}`, more);
}
