/**
 * `novella doctor`: the checks of this machine, a row each, with the fix under each that needs one.
 * The inspection of the machine is passed in.
 */
import { styleText } from 'node:util';
import type { HostCheck } from '#core/hosts/host-check.ts';
import { type Screen, writeJson, writeLines } from './terminal/screen.ts';
import { wrap } from './terminal/wrap.ts';

export interface DoctorOptions {
  json?: boolean;
}

/**
 * Prints the checks. Returns the exit status: 1 when one fails. `--json`: `{ok, checks: [{name,
 * level, found, fix, code}]}`.
 */
export function showChecks(
  checks: readonly HostCheck[],
  options: DoctorOptions,
  screen: Screen,
): number {
  const ok = checks.every(({ level }) => level !== 'fail');
  if (options.json === true) {
    const rows = checks.map(({ name, level, found, fix, code }) => ({
      name,
      level,
      found,
      fix,
      code,
    }));
    writeJson(screen, { ok, checks: rows });
  } else {
    writeLines(screen, [...checkLines(checks, screen.hasStyle === true), '', verdict(checks)]);
  }
  return ok ? 0 : 1;
}

/**
 * Example: `fail IOMMU off: the kernel made no IOMMU groups`, and below it `→ add intel_iommu=on
 * …`.
 */
function checkLines(checks: readonly HostCheck[], hasStyle: boolean): string[] {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.flatMap(({ level, name, found, fix }) => {
    const label = level.padEnd(4);
    const shown = hasStyle ? styleText(colors[level], label, { validateStream: false }) : label;
    const indent = ' '.repeat(label.length + 2 + width + 2);
    const [first = '', ...more] = wrap(found, indent);
    const row = `${shown}  ${name.padEnd(width)}  ${first.trimStart()}`;
    return [row, ...more, ...(fix === null ? [] : wrap(`→ ${fix}`, indent))];
  });
}

const colors = { ok: 'green', warn: 'yellow', fail: 'red' } as const;

function verdict(checks: readonly HostCheck[]): string {
  const count = (wanted: HostCheck['level']) =>
    checks.filter(({ level }) => level === wanted).length;
  return `${count('ok')} ok, ${count('warn')} warn, ${count('fail')} fail`;
}
