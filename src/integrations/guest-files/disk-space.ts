/** Free space on the host's disk, and the error when it is insufficient. */
import { statfs } from 'node:fs/promises';
import { ComputeError } from '#core/errors.ts';

/** Bytes free below this folder. */
export type FreeBytes = (folder: string) => Promise<number>;

export const freeBytesOf: FreeBytes = async (folder) => {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
};

/** Never used: a full disk stops running guests. */
const reserveBytes = 64 * 1024 ** 2;

/** Room for this many bytes in a folder. `what`: their purpose. */
export interface Room {
  folder: string;
  bytes: number;
  what: string;
}

/** The error for insufficient space; undefined when there is enough. */
export async function insufficientSpace(
  freeBytes: FreeBytes,
  { folder, bytes, what }: Room,
): Promise<ComputeError | undefined> {
  const free = await freeBytes(folder);
  if (free >= bytes + reserveBytes) return undefined;
  return new ComputeError(
    'unavailable',
    `disk full: ${what} needs ${inMib(bytes)} MiB in ${folder}, and ${inMib(reserveBytes)} MiB must stay free; ${inMib(free)} MiB are free`,
  );
}

/** A write error there, readable when the disk is full. */
export function asDiskFull(error: unknown, { folder, what }: { folder: string; what: string }) {
  if (!isNoSpace(error)) return error;
  return new ComputeError('unavailable', `disk full: no room for ${what} in ${folder}`, {
    cause: error,
  });
}

/** Programs report it as text, the kernel as a code. */
function isNoSpace(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error ? error.code : undefined;
  return code === 'ENOSPC' || code === 'EDQUOT' || /No space left on device/.test(error.message);
}

function inMib(bytes: number): number {
  return Math.ceil(bytes / 1024 ** 2);
}
