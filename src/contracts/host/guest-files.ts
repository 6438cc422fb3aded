/**
 * The files of guests on their host: disk, kernel, config drive, console log. For their paths see
 * `core/guests/guest-paths.ts`.
 */
import type { Guest } from '#core/guests/description/guest.ts';

/** Every operation is idempotent, and a failed one leaves the previous state in place. */
export interface GuestFiles {
  /**
   * Creates what a guest needs before it can be defined: a disk over its image, kernel, config
   * drive. An existing disk is kept, because it has the user's data, unless `fresh`. Only for a
   * guest that is not running. Throws `invalid` when its image is gone or unusable, so that no
   * other host could do it either; `unavailable` when another host may succeed (disk full, image
   * service not answering, a folder of another owner). The message names image or path.
   */
  prepare(guest: Guest, how: { fresh: boolean }): Promise<void>;
  /**
   * Makes the disk and the kernel that a guest in rescue starts from, again if they are there. The
   * guest has its files, and may run. Throws as `prepare`. A later `prepare` of the guest without
   * rescue removes them.
   */
  prepareRescue(guest: Guest): Promise<void>;
  /**
   * Copies the guest's disk for this image, standalone, replacing an earlier copy. The guest must
   * not write to it in that time. Throws `invalid` for a guest without a disk.
   */
  copyDisk(guestId: string, imageId: string): Promise<void>;
  /** Uploads the copy as the bytes of the image, and removes it. */
  uploadCopy(guestId: string, imageId: string): Promise<void>;
  /** No error when there is none. */
  dropCopy(guestId: string, imageId: string): Promise<void>;
  /** Fetches the image that later guests start from. Throws as `prepare`. */
  cacheImage(imageId: string): Promise<void>;
  /**
   * Removes all files of the guest, unless their folder belongs to another host. No error when
   * there are none.
   */
  remove(guestId: string): Promise<void>;
  /**
   * The newest serial console output since the guest's last start: at most `maxConsoleBytes`, and
   * of that the last `lines`; null: all. '' when there is no output yet.
   */
  consoleOutput(guestId: string, lines: number | null): Promise<string>;
  /** Paths of the guest's disk and kernel that are not here. What is below the disk counts too. */
  missing(guest: Guest): Promise<string[]>;
  /** Ids of all guests with files here. */
  list(): Promise<string[]>;
}

/** Longest console output that is returned. Source: Nova `MAX_CONSOLE_BYTES`. */
export const maxConsoleBytes = 100 * 1024;
