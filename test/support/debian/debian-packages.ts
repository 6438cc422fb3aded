/** Debian packages that a test needs beside Node: installed when they are missing and we may. */
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';

/**
 * Makes sure these packages are installed. Throws with the command to run when this user may not
 * install them.
 */
export function ensureDebianPackages(names: string[]): void {
  const missing = names.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0) {
    throw new Error(
      `this test needs: apt-get install --no-install-recommends ${missing.join(' ')}`,
    );
  }
  apt('update', '-qq');
  apt('install', '-y', '-qq', '--no-install-recommends', ...missing);
}

/**
 * These packages on this release of Debian or a later one; none on an earlier one, which does not
 * have them. Example: `packagesSince(13, ['libvirt-daemon-driver-nodedev'])`.
 */
export function packagesSince(release: number, names: string[]): string[] {
  const file = '/etc/debian_version';
  if (!existsSync(file)) return [];
  // Such as `12.11`; a release to come has a name, `forky/sid`.
  const number = Number.parseInt(readFileSync(file, 'utf8'), 10);
  return number < release ? [] : names;
}

function isInstalled(name: string): boolean {
  const { stdout } = spawnSync('dpkg-query', ['-W', '-f', '${Status}', name], { encoding: 'utf8' });
  return stdout.includes('ok installed');
}

/** How long another apt, such as the machine's daily update, may hold a lock. Milliseconds. */
const lockTimeoutMs = 300_000;

function apt(...args: string[]): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C' };
  const waiting = ['-o', `DPkg::Lock::Timeout=${lockTimeoutMs / 1_000}`];
  const end = performance.now() + lockTimeoutMs;
  for (;;) {
    const { status, stderr } = spawnSync('apt-get', [...waiting, ...args], {
      env,
      encoding: 'utf8',
    });
    if (status === 0) return;
    // apt-get has no time-out for the lock of the package lists.
    const isLocked = stderr.includes('Could not get lock');
    if (!isLocked || performance.now() > end) {
      throw new Error(`apt-get ${args.join(' ')}: ${stderr}`);
    }
    spawnSync('sleep', ['2']);
  }
}
