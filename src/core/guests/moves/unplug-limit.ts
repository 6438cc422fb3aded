/** How long a guest may take to release a device. */
import { ComputeError } from '../../errors.ts';

/** Of a guest that is to move live, unless its host has another setting; seconds. */
export const usualUnplugS = 60;
/** A longer one would be no limit. */
export const mostUnplugS = 3_600;

/**
 * Of a guest that did not release it in time, and still has it. Example: `guest instance-00000001
 * did not release the device of port 6d… within 60 s: its operating system must be running and
 * support hot unplug`.
 */
export function notReleased(guest: string, what: string, seconds: number): ComputeError {
  return new ComputeError(
    'unavailable',
    `guest ${guest} did not release ${what} within ${seconds} s: ` +
      'its operating system must be running and support hot unplug',
  );
}
