/** Runs the command line of our programs, and prints their errors. */
import { type Command, CommanderError } from 'commander';
import { hintFor } from '#cli/terminal/hint.ts';
import { ComputeError } from '#core/errors.ts';

/** The exit status, as in shells and getopt. */
const wrongCommandLine = 2;

/** Runs the command that the arguments name; sets the exit code. */
export async function runCommand(program: Command): Promise<void> {
  // Written files may hold secrets and belong to one user.
  process.umask(0o077);
  // A reader that closes early (`novella explain … | head`) is no error of ours.
  process.stdout.on('error', (error: { code?: string }) => {
    if (error.code === 'EPIPE') process.exit(0);
    throw error;
  });
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? 0 : wrongCommandLine;
      const hint = hintFor(error, program);
      if (hint !== undefined) process.stderr.write(`${hint}\n`);
    } else if (error instanceof ComputeError) {
      process.stderr.write(`novella: ${error.message}\n`);
      if (error.kind === 'bug') process.stderr.write(`${error.detail ?? error.stack}\n`);
      // A command may have set a more specific status.
      process.exitCode ??= 1;
    } else {
      const refused = systemRefusal(error);
      if (refused === undefined) throw error;
      process.stderr.write(`novella: ${refused}\n`);
      process.exitCode ??= 1;
    }
  }
}

/**
 * The system's reason for refusing a file, such as a read-only disk; undefined for every other
 * error. Example: `/s/pid: permission denied (EACCES)`.
 */
export function systemRefusal(error: unknown): string | undefined {
  const { code, path, message } = error as NodeJS.ErrnoException;
  if (typeof code !== 'string' || typeof path !== 'string') return undefined;
  const [, reason = message] = /^\w+: (.+?), \w+/.exec(message) ?? [];
  return `${path}: ${reason} (${code})`;
}
