/** Runs a program of the host and returns its output; an error has the program's own message. */
import { ComputeError } from '#core/errors.ts';
import { ProgramFailure, runProgram } from '#runtime/run-program.ts';

/** How a program failed: its message, or that it is not installed. */
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
  /** Default: five minutes. */
  timeoutMs?: number;
}

const limits = { timeoutMs: 300_000, maxOutputBytes: 16 * 1024 * 1024 };

/**
 * Its standard output. Throws ToolFailure. Example: `qemu-img: Could not open '/…': No such file or
 * directory`.
 */
export async function runTool(tool: Tool): Promise<string> {
  const { program, args, timeoutMs = limits.timeoutMs } = tool;
  try {
    return await runProgram([program, ...args], { ...limits, timeoutMs });
  } catch (cause) {
    if (!(cause instanceof ProgramFailure)) throw cause;
    throw failureOf(cause, { ...tool, timeoutMs });
  }
}

function failureOf(
  cause: ProgramFailure,
  { program, debianPackage, timeoutMs }: Required<Tool>,
): ToolFailure {
  const { how, code, stderr } = cause;
  const exitCode = typeof code === 'number' ? code : null;
  const more = { isMissing: how === 'missing', exitCode, cause };
  if (how === 'missing') {
    const message = `${program} is not on this host: install the Debian package ${debianPackage}`;
    return new ToolFailure(message, more);
  }
  if (how === 'timed out') {
    return new ToolFailure(`${program} did not end within ${timeoutMs / 1000} s`, more);
  }
  // For a killed program the signal is more informative than its output.
  const lastLine = code === null ? '' : stderr.trim().split('\n').at(-1);
  return new ToolFailure(lastLine || cause.message, more);
}
