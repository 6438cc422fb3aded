/**
 * Where a host keeps the files of its guests: in its state directory, or on storage that other
 * hosts have too. Each host has images of its own there, so that none removes what another one
 * fetches.
 */
import { randomUUID } from 'node:crypto';
import { link, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ComputeError, errorText } from '#core/errors.ts';

export interface GuestFolders {
  /** Of the guests. */
  directory: string;
  imageDirectory: string;
  /** Of the guests' folders. */
  owner: string;
  /** The id of the storage; undefined: it is the host's own. */
  sharedStorage: string | undefined;
}

/** The file by which two hosts find that they have the same storage. */
const idFile = 'novella-storage';
/** In the state directory: the shared folder in which the host has guests, and its id below. */
const noteFile = 'shared-folder';

/**
 * Hosts that see the same file have the same id: it is made by the first of them. Throws `invalid`
 * when the folder cannot be used, or the host's guests are in another one, or on another storage: a
 * folder whose storage is not mounted is an empty one of the machine.
 */
export async function guestFolders(
  { name, sharedFolder }: { name: string; sharedFolder: string | undefined },
  stateDirectory: string,
): Promise<GuestFolders> {
  const own = {
    directory: join(stateDirectory, 'guests'),
    imageDirectory: join(stateDirectory, 'images'),
    owner: `host ${name}`,
  };
  const note = join(stateDirectory, noteFile);
  const earlier = await readNote(note);
  if (earlier !== undefined && earlier.folder !== sharedFolder) {
    throw refused(
      `this host has the files of its guests in ${earlier.folder}: set that again; if it has no guests any more, remove ${note}`,
    );
  }
  if (sharedFolder === undefined) return { ...own, sharedStorage: undefined };
  const local = await readdir(own.directory).catch(() => []);
  if (local.length > 0) {
    throw refused(
      `this host has the files of ${local.length} guests in ${own.directory}: remove the key, and move its servers to other hosts first`,
    );
  }
  const sharedStorage =
    earlier === undefined ? await storageId(sharedFolder) : await sameStorage(earlier, note);
  await writeFile(note, `${sharedFolder}\n${sharedStorage}`);
  return {
    directory: join(sharedFolder, 'guests'),
    imageDirectory: join(sharedFolder, 'images', name),
    owner: `storage ${sharedStorage}`,
    sharedStorage,
  };
}

/** Where the host has its guests. */
interface Known {
  folder: string;
  /** Of the storage. */
  id: string;
}

/** undefined: it has none in a shared folder. */
async function readNote(path: string): Promise<Known | undefined> {
  const text = await readFile(path, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  const [folder = '', id = ''] = text.split('\n');
  return { folder, id };
}

/** The id of the folder's storage, which must be the known one: none is made. */
async function sameStorage({ folder, id }: Known, note: string): Promise<string> {
  const path = join(folder, idFile);
  const found = (await readFile(path, 'utf8').catch(() => '')).trim();
  if (found !== '' && found === id) return id;
  const what =
    found === '' ? `${path} cannot be read` : `${path} has the id ${found}, which must be ${id}`;
  throw refused(
    `the storage with the files of this host's guests is not mounted at ${folder}: ${what}. Mount it there, and start the agent again; if the host has no guests any more, remove ${note}`,
  );
}

async function storageId(folder: string): Promise<string> {
  const path = join(folder, idFile);
  const made = join(folder, `.${idFile}-${randomUUID()}`);
  try {
    await writeFile(made, randomUUID());
    // Complete from the beginning, and only one host makes it.
    await link(made, path).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    return (await readFile(path, 'utf8')).trim();
  } catch (cause) {
    throw refused(`${folder} cannot be used: ${errorText(cause)}: is its storage mounted?`);
  } finally {
    await rm(made, { force: true }).catch(() => undefined);
  }
}

function refused(why: string): ComputeError {
  return new ComputeError('invalid', `host.shared_folder: ${why}`);
}
