/** One row of `novella doctor`, and the host problems from failing rows. */
import type { HostProblem, ProblemReach } from './host-problem.ts';

/**
 * `found`: what is there. `fix`: one line, for warn and fail. `blocks`: servers that are kept away
 * while it fails.
 */
export interface HostCheck {
  name: string;
  level: 'ok' | 'warn' | 'fail';
  found: string;
  fix: string | null;
  code: string;
  blocks: ProblemReach;
}

/**
 * Makes a check's rows: `report('IOMMU', 'iommu-off').fail('off', 'enable it')`. `code` is stable
 * for programs.
 */
export function report(name: string, code: string) {
  return {
    ok: (found: string): HostCheck => ({ ...row(name, code, found), level: 'ok', fix: null }),
    warn: (found: string, fix: string): HostCheck => ({
      ...row(name, code, found),
      level: 'warn',
      fix,
    }),
    fail: (found: string, fix: string, blocks: ProblemReach = 'none'): HostCheck => ({
      ...row(name, code, found),
      level: 'fail',
      fix,
      blocks,
    }),
  };
}

function row(name: string, code: string, found: string) {
  return { name, code, found, blocks: 'none' as const };
}

/**
 * What the agent reports of these checks: each that fails. Example: message `IOMMU: off: the kernel
 * made no IOMMU groups`.
 */
export function problemsOf(checks: readonly HostCheck[]): HostProblem[] {
  return checks
    .filter(({ level }) => level === 'fail')
    .map(({ code, name, found, blocks }) => ({ code, message: `${name}: ${found}`, blocks }));
}
