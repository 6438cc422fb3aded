/** Finds the base image of a guest's disk, read from the disk itself. */
import { open } from 'node:fs/promises';
import { basename } from 'node:path';
import { headBytes, readQcow2Header } from '#core/images/qcow2-header.ts';

/** File name of the base; null: no base, or no such disk. */
export async function baseNameOf(disk: string): Promise<string | null> {
  const path = await basePathOf(disk);
  return path === null ? null : basename(path);
}

/** Path of the base, as this host or another one with the same storage has written it. */
export async function basePathOf(disk: string): Promise<string | null> {
  const file = await open(disk).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (file === null) return null;
  try {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.alloc(headBytes), position: 0 });
    const name = readQcow2Header(buffer.subarray(0, bytesRead))?.backingName ?? null;
    if (name === null) return null;
    const { length, offset } = name;
    const text = await file.read({ buffer: Buffer.alloc(length), position: offset });
    return text.buffer.toString();
  } finally {
    await file.close();
  }
}
