/** A host's memory as one JSON file per document, complete or absent, even after a power cut. */
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { HostMemory } from '#contracts/host/host-memory.ts';
import { ComputeError, errorText } from '#core/errors.ts';
import { removeDurably, writeFileDurably } from '#runtime/atomic-file.ts';

/** `directory`: the agent's own; created when missing. */
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
      await writeFileDurably(path, JSON.stringify(document));
    } catch (cause) {
      throw failed(`${path} cannot be written`, cause);
    }
  }

  async remove(key: string): Promise<void> {
    const path = this.#pathOf(key);
    try {
      await removeDurably(path);
    } catch (cause) {
      throw failed(`${path} cannot be removed`, cause);
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
    if (key.split('/').every((part) => /^[\w:-][\w:.-]*$/.test(part))) {
      return join(this.#directory, `${key}.json`);
    }
    throw new ComputeError('bug', 'internal error', { detail: `host memory: bad key "${key}"` });
  }
}

function isAbsent(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}

/** The file is used to restore a device to its state before its guest had it. */
const wayOut =
  '; remove the file when no guest has its device, and set what was changed on the device by hand';

function failed(what: string, cause: unknown, more = ''): ComputeError {
  const reason = errorText(cause);
  return new ComputeError('unavailable', `the agent's memory: ${what}: ${reason}${more}`, {
    cause,
  });
}
