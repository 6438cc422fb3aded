/** Runs a program of this machine. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { RunCommand } from '#contracts/host/run-command.ts';

const timeoutMs = 30_000;
const maxBuffer = 64 * 1024 * 1024;

/** Example: `runOnHost(['ip', '-json', 'link'])`. */
export const runOnHost: RunCommand = async ([program = '', ...args]) => {
  try {
    const env = {
      LC_ALL: 'C',
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    };
    const options = { env, timeout: timeoutMs, maxBuffer };
    return (await promisify(execFile)(program, args, options)).stdout;
  } catch (error) {
    throw new Error(failureText(program, error), { cause: error });
  }
};

function failureText(program: string, error: unknown): string {
  const { code, stderr, killed } = error as { code?: unknown; stderr?: string; killed?: boolean };
  if (code === 'ENOENT') return `program ${program} is not installed`;
  if (killed === true) return `timed out after ${timeoutMs / 1000} s`;
  const words = stderr?.trim() ?? '';
  return words === '' ? String(error) : words.replaceAll('\n', '; ');
}
