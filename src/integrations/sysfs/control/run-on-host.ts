/** Runs a program of this machine. */
import type { RunCommand } from '#contracts/host/run-command.ts';
import { runProgram } from '#runtime/run-program.ts';

const limits = { timeoutMs: 30_000, maxOutputBytes: 64 * 1024 * 1024 };

/** Example: `runOnHost(['ip', '-json', 'link'])`. */
export const runOnHost: RunCommand = (command) => runProgram(command, limits);
