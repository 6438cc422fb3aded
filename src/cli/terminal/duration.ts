/** Times on the command line. */
import { InvalidArgumentError } from 'commander';

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Example: `30m` → 1800. Throws InvalidArgumentError. */
export function seconds(text: string): number {
  const [, count, unit = ''] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  const factor = unitSeconds[unit];
  if (count !== undefined && factor !== undefined) return Number(count) * factor;
  throw new InvalidArgumentError('must be a number with a unit, such as 90s, 30m, 2h or 1d');
}
