/**
 * May this upload continue? Checked before its first byte and at each part, so that what is refused
 * is never written.
 */
import type { ImageRows, StoredImage } from '#contracts/store/image-store.ts';
import { ComputeError } from '#core/errors.ts';
import type { DiskSpace } from './image-files.ts';
import { imageTooLarge, type LimitsOf, storageExceeded, uploadLimits } from '../image-quotas.ts';

export interface UploadGate {
  /**
   * The upload has this many bytes in all, as announced or as received. Throws `tooLarge`, naming
   * the limit and what is used.
   */
  admit: (totalBytes: number) => Promise<void>;
  /** The upload is over: its bytes are recorded, or gone. */
  close: () => void;
}

export interface UploadGateOptions {
  store: Pick<ImageRows, 'bytesOf'>;
  limitsOf: LimitsOf;
  /** Of the disk of the images. */
  space: () => Promise<DiskSpace>;
  /**
   * This much of that disk is reserved for the database. undefined: a sixteenth of it, at most 256
   * MiB.
   */
  keepFreeBytes: number | undefined;
}

/**
 * The uploads of one project in progress: bytes by image, announced or received. `ended` counts
 * those that are over.
 */
interface ProjectUploads {
  held: Map<string, number>;
  ended: number;
}

const mostKeptBytes = 256 * 1024 ** 2;
/** At most this many bytes are written between two checks of the disk. */
const mostUnseenBytes = 16 * 1024 ** 2;

/**
 * Opens the gate of an upload. Uploads of one project share its limit: what one of them holds is
 * not available to another. An image of no project belongs to the cloud, and is always admitted.
 */
export function uploadGates(options: UploadGateOptions): (image: StoredImage) => UploadGate {
  const projects = new Map<string, ProjectUploads>();
  return (image) => {
    const { id, projectId } = image;
    if (projectId === '') return { admit: async () => {}, close: () => {} };
    const uploads = projects.get(projectId) ?? { held: new Map(), ended: 0 };
    projects.set(projectId, uploads);
    uploads.held.set(id, 0);
    const reserve = storageReserve(options, image, uploads);
    const checkDisk = diskCheck(options, id);
    return {
      async admit(totalBytes) {
        const { imageBytes } = uploadLimits(options.limitsOf(projectId));
        if (totalBytes > imageBytes) throw imageTooLarge(id, totalBytes, imageBytes);
        await reserve(totalBytes);
        await checkDisk(totalBytes);
      },
      close() {
        uploads.held.delete(id);
        uploads.ended += 1;
        if (uploads.held.size === 0) projects.delete(projectId);
      },
    };
  };
}

/**
 * Holds bytes for an image. The sum of the database is read again when an upload has ended, and
 * before a refusal.
 */
function storageReserve(
  { store, limitsOf }: UploadGateOptions,
  image: StoredImage,
  uploads: ProjectUploads,
): (totalBytes: number) => Promise<void> {
  const { held } = uploads;
  let stored = { bytes: 0, ended: -1 };
  return async (totalBytes) => {
    const mine = Math.max(totalBytes, held.get(image.id) ?? 0);
    for (let attempt = 0; ; attempt += 1) {
      // From the sum to the hold nothing else may run.
      if (stored.ended === uploads.ended) {
        const { projectBytes: limitBytes } = uploadLimits(limitsOf(image.projectId));
        const usedBytes = stored.bytes + sumOfOthers(held, image.id);
        if (usedBytes + mine <= limitBytes) {
          held.set(image.id, mine);
          return;
        }
        if (attempt > 0) throw storageExceeded(image, mine, { usedBytes, limitBytes });
      }
      const { ended } = uploads;
      stored = { bytes: await store.bytesOf(image.projectId, [...held.keys()]), ended };
    }
  };
}

function sumOfOthers(held: ReadonlyMap<string, number>, id: string): number {
  return [...held].reduce((sum, [other, bytes]) => (other === id ? sum : sum + bytes), 0);
}

/**
 * The first time the entire announced size must fit; later the reserve is enough. The nearer it is,
 * the sooner the disk is checked again, for other uploads write too.
 */
function diskCheck(
  { space, keepFreeBytes }: UploadGateOptions,
  id: string,
): (totalBytes: number) => Promise<void> {
  let isFirst = true;
  let nextCheckAt = 0;
  return async (totalBytes) => {
    if (keepFreeBytes === 0 || totalBytes < nextCheckAt) return;
    const { freeBytes, diskBytes } = await space();
    const kept = keepFreeBytes ?? Math.min(mostKeptBytes, Math.floor(diskBytes / 16));
    const room = freeBytes - kept;
    if (room < (isFirst ? totalBytes : 0)) {
      throw storageFull(id, {
        detail: `${freeBytes} bytes are free, of which ${kept} are kept for the database`,
      });
    }
    nextCheckAt = (isFirst ? 0 : totalBytes) + Math.min(mostUnseenBytes, Math.floor(room / 16));
    isFirst = false;
  };
}

/**
 * The refusal when the disk has no space. The amount is in the detail, for the log: members are
 * shown no amounts of the host.
 */
export function storageFull(id: string, more: { detail?: string; cause?: unknown }): ComputeError {
  return new ComputeError(
    'tooLarge',
    `Image storage media is full: there is no room for image ${id}. An administrator can make room on the disk of the state directory.`,
    more,
  );
}
