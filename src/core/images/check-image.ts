/**
 * Is an image fit to be a guest's disk, or its kernel? Unfit images are refused before a host uses
 * them.
 */
import { refuse, type Verdict } from '../reason.ts';
import { isQcow2, readQcow2Header } from './qcow2-header.ts';

/**
 * What is known of an image: its declared format, its size, and its first bytes (`headBytes` of
 * them, if it has as many).
 */
export interface ImageFacts {
  id: string;
  diskFormat: string;
  sizeBytes: number;
  head: Uint8Array;
}

/** `virtualBytes`: size of the guest's disk. */
export interface BaseImage {
  format: 'raw' | 'qcow2';
  virtualBytes: number;
}

const mib = 1024 ** 2;

/**
 * The disk in this image. Only its declared format counts: if detected, a guest could write a qcow2
 * header on its raw disk that names any file of the host. Refuses qcow2 that refers to other files
 * for the same reason. Source: OSSA-2024-001 (a host's files read by way of an image).
 */
export function checkDiskImage(image: ImageFacts): Verdict<{ base: BaseImage }> {
  const { id, diskFormat, sizeBytes, head } = image;
  if (diskFormat === 'raw' || diskFormat === 'ami') {
    return isQcow2(head)
      ? refuse(
          'image-format',
          `image ${id} is declared ${diskFormat} but is a qcow2 image: its disk_format must be qcow2`,
        )
      : { ok: true, base: { format: 'raw', virtualBytes: sizeBytes } };
  }
  if (diskFormat !== 'qcow2') {
    return refuse(
      'image-format',
      `image ${id} has disk format '${diskFormat}': a disk is made from raw or qcow2 images only`,
    );
  }
  const header = readQcow2Header(head);
  if (header === undefined) return invalidQcow2(id, 'it does not begin as one');
  if (header.backingName !== null) return invalidQcow2(id, 'it has a backing file');
  if (header.hasDataFile) return invalidQcow2(id, 'it keeps its data in another file');
  if (header.isEncrypted) return invalidQcow2(id, 'it is encrypted');
  if (header.isCorrupt) return invalidQcow2(id, 'it is marked corrupt');
  return { ok: true, base: { format: 'qcow2', virtualBytes: header.virtualBytes } };
}

/** Example: `image 5f… is not a valid qcow2 image: it has a backing file`. */
export function invalidQcow2(id: string, why: string): ReturnType<typeof refuse> {
  return refuse('image-invalid', `image ${id} is not a valid qcow2 image: ${why}`);
}

/** Refuses disk images: a kernel is loaded as it is. `as`: what the guest uses it for. */
export function checkKernelImage(
  { id, diskFormat, head }: ImageFacts,
  as: 'kernel' | 'ramdisk',
): Verdict<object> {
  const formats = [as === 'kernel' ? 'aki' : 'ari', 'raw'];
  if (formats.includes(diskFormat) && !isQcow2(head)) return { ok: true };
  return refuse(
    'image-format',
    `image ${id} is used as a ${as}, which must be ${formats.join(' or ')}: it is ` +
      (isQcow2(head) ? 'a qcow2 image' : `'${diskFormat}'`),
  );
}

/**
 * Bytes of the guest's disk: the flavor's, or the image's own where the flavor has 0. Refuses a
 * larger image: a disk is never truncated. Without image and size no disk is made.
 */
export function diskBytesOf(
  { diskGib, imageId }: { diskGib: number; imageId: string | null },
  base: BaseImage | null,
): Verdict<{ bytes: number }> {
  const wantedBytes = diskGib * 1024 * mib;
  const needed = base?.virtualBytes ?? 0;
  if (wantedBytes === 0 && base === null) {
    return refuse(
      'no-disk-size',
      'the flavor has a disk of 0 GiB and there is no image to take its size from',
    );
  }
  if (wantedBytes > 0 && needed > wantedBytes) {
    return refuse(
      'image-too-large',
      `image ${imageId} is a disk of ${Math.ceil(needed / mib)} MiB, the flavor's has ${wantedBytes / mib} MiB`,
    );
  }
  return { ok: true, bytes: wantedBytes === 0 ? needed : wantedBytes };
}
