/**
 * A host's memory as one JSON file for each document, whole or not there, also after a power cut.
 */
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HostMemory } from '#contracts/host/host-memory.ts';
import { ComputeError, errorText } from '#core/errors.ts';

/** `directory`: the agent's own; made when it is not there. */
export class FileMemory implements HostMemory {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async read(key: string): Promise<unknown> {
    const path = this.#pathOf(key);
    try {
      return JSON.parse(await readFile(path, 'utf8'));
    } catch (cause) {
      if (isAbsent(cause)) return undefined;
      throw failed(`${path} cannot be read`, cause, wayOut);
    }
  }

  async write(key: string, document: unknown): Promise<void> {
    const path = this.#pathOf(key);
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeThrough(`${path}.new`, JSON.stringify(document));
      // A rename is whole or not at all; the folder is synced so that it lasts.
      await rename(`${path}.new`, path);
      await syncFolder(dirname(path));
    } catch (cause) {
      throw failed(`${path} cannot be written`, cause);
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.#pathOf(key);
    try {
      await rm(path, { force: true });
      await syncFolder(dirname(path));
    } catch (cause) {
      if (!isAbsent(cause)) throw failed(`${path} cannot be removed`, cause);
    }
  }

  async keys(folder: string): Promise<string[]> {
    const path = join(this.#directory, folder);
    try {
      const names = (await readdir(path)).filter((name) => name.endsWith('.json')).sort();
      return names.map((name) => `${folder}/${name.slice(0, -'.json'.length)}`);
    } catch (cause) {
      if (isAbsent(cause)) return [];
      throw failed(`${path} cannot be listed`, cause);
    }
  }

  #pathOf(key: string): string {
    if (key.split('/').every((word) => /^[\w:-][\w:.-]*$/.test(word))) {
      return join(this.#directory, `${key}.json`);
    }
    throw new ComputeError('bug', 'internal error', { detail: `host memory: bad key "${key}"` });
  }
}

async function writeThrough(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** What is kept there makes a device as it was before its guest had it. */
const wayOut =
  '; remove the file when no guest has its device, and set what was changed on the device by hand';

function failed(what: string, cause: unknown, more = ''): ComputeError {
  const words = errorText(cause);
  return new ComputeError('unavailable', `the agent's memory: ${what}: ${words}${more}`, { cause });
}
