/** Builds the page as `npm ci` does, so that the tests see the sources. */
import { execFileSync } from 'node:child_process';

export function setup(): void {
  const { NODE_ENV: _, ...env } = process.env;
  execFileSync('npm', ['run', '-s', 'build:page'], { env, stdio: 'inherit' });
}
