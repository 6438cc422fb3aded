// Finds a Node that can run Novella: the running one if it is new enough, else the one that
// package.json pins. Old syntax on purpose: this file must load on any Node that can run npm.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

// Compiled sources are kept for the next start and for child processes: it halves the time of a
// command. Inside the package, where no other user of the machine can put anything.
process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'node-compile');

const [major, minor] = process.versions.node.split('.').map(Number);

/**
 * Whether the running Node can run the sources as they stand (24.15 is the first that Novella is
 * tested on).
 */
export const isNewEnough = major > 24 || (major === 24 && minor >= 15);

/**
 * The path of a Node that is new enough; ends the process with one line that names the remedy where
 * there is none. npm below 11.6 makes no link to the pinned Node in node_modules/.bin, so the
 * package itself is looked up.
 */
export function newEnoughNode() {
  if (isNewEnough) return process.execPath;
  const name = `node-${process.platform}-${process.arch}`;
  const pinned = join(root, 'node_modules', name, 'bin', 'node');
  if (existsSync(pinned)) return pinned;
  const installed = existsSync(join(root, 'node_modules', '.package-lock.json'));
  console.error(
    installed
      ? `novella: needs Node 24.15 or newer; this is ${process.versions.node}, and the npm package ${name} that brings one is not installed. ` +
          'Install Node 24.15 or newer, or on Linux (x64, arm64) run "npm ci" without "--omit=optional".'
      : `novella: run "npm ci" in ${root} first: it installs Node 24, and this is ${process.versions.node}.`,
  );
  return process.exit(1);
}

/**
 * Runs a program in this process's place as far as Node allows: same terminal, signals passed on,
 * same exit status. Node and the package's tools are found first in its PATH.
 */
export function runInstead(program, args) {
  const folders = [dirname(newEnoughNode()), join(root, 'node_modules', '.bin')];
  const PATH = [...folders, process.env.PATH].join(delimiter);
  const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, PATH } });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'])
    process.on(signal, () => child.kill(signal));
  child.on('error', (cause) => {
    console.error(`novella: cannot start ${program}: ${cause.message}`);
    process.exit(1);
  });
  child.on('exit', (code, signal) =>
    process.exit(code === null ? 128 + constants.signals[signal] : code),
  );
}
