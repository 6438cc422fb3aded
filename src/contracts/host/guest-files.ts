/**
 * The files of guests on their host: disk, kernel, config drive, console log. Where they are:
 * `core/guests/guest-paths.ts`.
 */
import type { Guest } from '#core/guests/description/guest.ts';

/** Every act is idempotent, and one that fails leaves what was there before. */
export interface GuestFiles {
  /**
   * Makes what a guest needs before it can be defined: a disk over its image, kernel, config drive.
   * A disk that is there stays, for it has the user's data, unless `fresh`. Only for a guest that
   * does not run. Throws `invalid` when its image is gone or of no use, so that no other host could
   * do it either; `unavailable` for what another host may do better (disk full, image service
   * silent). The words name image or path.
   */
  prepare(guest: Guest, how: { fresh: boolean }): Promise<void>;
  /** Nothing of it is left. No error when there is nothing. */
  remove(guestId: string): Promise<void>;
  /**
   * What the guest wrote to its serial console since its last start, the newest end of it: at most
   * `maxConsoleBytes`, and the last `lines` of that; null: all. '' when it wrote nothing yet.
   */
  consoleOutput(guestId: string, lines: number | null): Promise<string>;
  /** Ids of all guests that have files here. */
  list(): Promise<string[]>;
}

/** Longest console output that is shown. Source: Nova `MAX_CONSOLE_BYTES`. */
export const maxConsoleBytes = 100 * 1024;
