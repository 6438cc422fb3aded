/** Whether the directory for disks and images is writable, and how much room it has. */
import { constants } from 'node:fs';
import { access, statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorText } from '#core/errors.ts';
import type { StateDirectoryFacts } from '#core/hosts/host-facts.ts';

const bytesPerMib = 1_048_576;

/** For a directory not yet created, inspects the nearest folder above it. */
export async function readStateDirectory(path: string): Promise<StateDirectoryFacts> {
  let folder = path;
  while (!(await exists(folder)) && dirname(folder) !== folder) folder = dirname(folder);
  return {
    path,
    exists: folder === path,
    refusal: await writeRefusal(folder),
    ...(await roomIn(folder)),
  };
}

async function exists(path: string): Promise<boolean> {
  return (await refusalOf(path, constants.F_OK)) === null;
}

function writeRefusal(folder: string): Promise<string | null> {
  return refusalOf(folder, constants.W_OK | constants.X_OK);
}

async function refusalOf(path: string, mode: number): Promise<string | null> {
  try {
    await access(path, mode);
    return null;
  } catch (error) {
    return errorText(error);
  }
}

/** Room for an ordinary process: a file system reserves a share for root. */
async function roomIn(folder: string): Promise<{ freeMib: number; totalMib: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return {
    freeMib: Math.floor((bavail * bsize) / bytesPerMib),
    totalMib: Math.floor((blocks * bsize) / bytesPerMib),
  };
}
