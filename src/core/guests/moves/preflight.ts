/** What both hosts check before anything of a guest that moves is touched. */
import { ComputeError } from '../../errors.ts';

/** On the old host: `guest`, `job`; on the new one: the others. */
export const moveChecks = [
  'guest',
  'job',
  'connection',
  'clock',
  'machine',
  'cpu',
  'device',
  'files',
  'disk',
  'bridge',
  'mtu',
] as const;
export type MoveCheck = (typeof moveChecks)[number];

/** A check that a host does not pass. `why`: the value, and the rule. */
export interface FailedCheck {
  check: MoveCheck;
  why: string;
}

/**
 * Throws `unavailable` with every failed check; none: the guest can move. Example of its message:
 * `pre-flight on hostb: mtu: PF enp1s0 has 1500, port 5f…'s network 9000; clock: …`.
 */
export function refuseFailed(host: string, failed: readonly FailedCheck[]): void {
  if (failed.length === 0) return;
  const texts = failed.map(({ check, why }) => `${check}: ${why}`);
  throw new ComputeError('unavailable', `pre-flight on ${host}: ${texts.join('; ')}`);
}

/**
 * Certificates, logs and the guest's own time would differ noticeably beyond it. Both clocks are
 * those of the hosts.
 */
export const mostClockDifferenceMs = 5_000;

/**
 * `clock`: of the other host, in epoch milliseconds, requested at `asked` and answered at
 * `answered` by this host's clock. Example: 8 s ahead → `clock: host hosta is 8.0 s ahead …`.
 */
export function clockProblems(
  host: string,
  { clock, asked, answered }: { clock: number; asked: number; answered: number },
): FailedCheck[] {
  // It read its clock at some moment between the two.
  const ahead = clock > answered ? clock - answered : Math.min(clock - asked, 0);
  if (Math.abs(ahead) <= mostClockDifferenceMs) return [];
  const seconds = (Math.abs(ahead) / 1000).toFixed(1);
  const most = mostClockDifferenceMs / 1000;
  const why = `host ${host} is ${seconds} s ${ahead > 0 ? 'ahead' : 'behind'}, at most ${most} s are allowed: synchronize both clocks (NTP)`;
  return [{ check: 'clock', why }];
}
