/**
 * Whose the folder of a guest is: a host's, or that of the storage that hosts have declared. Two
 * hosts whose folders are on one storage, which only its administrator knows of, find it by this:
 * neither replaces nor removes what the other one made.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ComputeError } from '#core/errors.ts';
import { writeFileDurably } from '#runtime/atomic-file.ts';

/** Never copied. */
const ownerFile = 'owner';

/** undefined: there is no folder, or an earlier version made it. */
export async function ownerOf(folder: string): Promise<string | undefined> {
  return readFile(join(folder, ownerFile), 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

/** Throws `unavailable` for a folder of another owner, which stays as it is. */
export async function refuseOthers(folder: string, owner: string): Promise<void> {
  const found = await ownerOf(folder);
  if (found === undefined || found === owner) return;
  throw new ComputeError('unavailable', ofAnother(folder, found));
}

/** Throws as `refuseOthers`. */
export async function claimFolder(folder: string, owner: string): Promise<void> {
  await refuseOthers(folder, owner);
  if ((await ownerOf(folder)) === undefined) {
    await writeFileDurably(join(folder, ownerFile), owner);
  }
}

/**
 * Why the guest must not come into this folder from another host, which offers its files as those
 * of the owner `offered` (undefined: its agent is older); undefined: it may. `keepsFiles`: both
 * hosts share the folder; else files are copied into it, and what is there is replaced.
 */
export async function arrivalProblem(
  folder: string,
  { owner, offered, keepsFiles }: { owner: string; offered?: string; keepsFiles: boolean },
): Promise<string | undefined> {
  const found = await ownerOf(folder);
  if (keepsFiles) {
    if (offered === undefined || found === offered) return undefined;
    return `${folder} is not the folder of the other host: mount the same storage on both hosts, and restart their agents`;
  }
  if (found === undefined || (found === owner && found !== offered)) return undefined;
  if (found !== offered) return ofAnother(folder, found);
  return `${folder} is the folder that the guest has on the other host: set host.shared_folder to that storage on both hosts`;
}

function ofAnother(folder: string, found: string): string {
  return `${folder} belongs to ${found}, which may run a guest from it: set host.shared_folder on both hosts, or, if no other host has this folder, remove ${join(folder, ownerFile)}`;
}
