/** What a simulated host keeps of its guests: in memory, and in a folder with a file per guest. */
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ComputeError, errorText } from '#core/errors.ts';
import { replaceFile } from '#runtime/atomic-file.ts';
import { KeyedQueue } from '#runtime/serial-queue.ts';

/** The folders with the files of a simulated host's guests. */
export const keptFolders = ['guests', 'files'] as const;

const ending = '.json';

/** A field that often changes alone. It is first in the file, where it is changed in place. */
export interface ChangingField<Kept> {
  name: keyof Kept & string;
  /** Of its longest JSON text; shorter ones are padded with spaces. */
  width: number;
}

export interface KeptGuestsOptions<Kept> {
  /** Made with its first file; without one everything is in memory only. */
  folder: string | undefined;
  /** Whether what a file holds is complete. */
  isWhole: (kept: Partial<Kept>) => boolean;
  changing?: ChangingField<Kept>;
}

/**
 * A value for each guest, by its id. A value that was set is in its file, whenever the process
 * dies; after a power cut the file may have its old text, be empty, or be missing.
 */
export class KeptGuests<Kept extends object> {
  readonly #options: KeptGuestsOptions<Kept>;
  readonly #values = new Map<string, Kept>();
  /** The guests whose files have the changing field in its place. */
  readonly #placed = new Set<string>();
  /** Work on the file of a guest. */
  readonly #writing = new KeyedQueue();

  /**
   * Reads the files of an earlier process. Throws `unavailable`, naming the file and the remedy,
   * for one that is truncated or not whole.
   */
  constructor(options: KeptGuestsOptions<Kept>) {
    this.#options = options;
    const { folder } = options;
    if (folder === undefined || !existsSync(folder)) return;
    for (const name of readdirSync(folder)) if (name.endsWith(ending)) this.#read(folder, name);
  }

  get(guestId: string): Kept | undefined {
    return this.#values.get(guestId);
  }

  values(): Kept[] {
    return [...this.#values.values()];
  }

  ids(): string[] {
    return [...this.#values.keys()];
  }

  /** Returns once the file is written. Throws the file system's errors; the old value is kept. */
  async set(guestId: string, kept: Kept): Promise<void> {
    const { folder } = this.#options;
    const before = this.#values.get(guestId);
    this.#values.set(guestId, kept);
    if (folder === undefined) return;
    const path = join(folder, guestId + ending);
    if (before !== undefined && this.#changeInPlace(guestId, path, before, kept)) return;
    try {
      await this.#writing.run(guestId, () => this.#write(path, kept));
      if (this.#options.changing !== undefined) this.#placed.add(guestId);
    } catch (error) {
      if (this.#values.get(guestId) === kept) this.#restore(guestId, before);
      throw error;
    }
  }

  /** Returns once its file is removed. No error when there is none. */
  async delete(guestId: string): Promise<void> {
    this.#values.delete(guestId);
    this.#placed.delete(guestId);
    const { folder } = this.#options;
    if (folder === undefined) return;
    const path = join(folder, guestId + ending);
    await this.#writing.run(guestId, () => rm(path, { force: true }));
  }

  #restore(guestId: string, before: Kept | undefined): void {
    if (before === undefined) this.#values.delete(guestId);
    else this.#values.set(guestId, before);
  }

  #read(folder: string, name: string): void {
    const path = join(folder, name);
    const guestId = name.slice(0, -ending.length);
    let problem = 'it holds something else';
    try {
      const text = readFileSync(path, 'utf8');
      // A power cut came before its first text was on disk, so that guest does not exist.
      if (text === '') return;
      const kept = JSON.parse(text) as Partial<Kept> | null;
      if (kept !== null && this.#options.isWhole(kept)) {
        this.#values.set(guestId, kept as Kept);
        if (this.#hasPlace(text)) this.#placed.add(guestId);
        return;
      }
    } catch (cause) {
      problem = errorText(cause);
    }
    throw new ComputeError(
      'unavailable',
      `guest file ${path} cannot be read: ${problem}; restore a backup (novella restore), or remove the file: then the guest is gone, and its server can be deleted or rebooted hard`,
    );
  }

  async #write(path: string, kept: Kept): Promise<void> {
    const text = textOf(kept, this.#options.changing);
    try {
      await replaceFile(path, text);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      makeFolders(dirname(path));
      await replaceFile(path, text);
    }
  }

  /** False, and nothing done, where more has changed than the field that may change alone. */
  // oxlint-disable-next-line max-params -- of which guest, where, from what to what
  #changeInPlace(guestId: string, path: string, before: Kept, kept: Kept): boolean {
    const { changing } = this.#options;
    if (changing === undefined || !this.#placed.has(guestId)) return false;
    if (this.#writing.isBusy(guestId) || !isElseEqual(before, kept, changing.name)) return false;
    let file: number;
    try {
      file = openSync(path, 'r+');
    } catch {
      return false;
    }
    try {
      writeSync(file, paddedText(kept, changing), placeOf(changing));
    } finally {
      closeSync(file);
    }
    return true;
  }

  #hasPlace(text: string): boolean {
    const { changing } = this.#options;
    if (changing === undefined) return false;
    const place = placeOf(changing);
    return text.startsWith(beginning(changing)) && text[place + changing.width] === ',';
  }
}

/** Of a large fleet only hosts that have had a guest have folders. */
function makeFolders(folder: string): void {
  const ofHost = dirname(folder);
  for (const path of [folder, ...keptFolders.map((name) => join(ofHost, name))]) {
    mkdirSync(path, { recursive: true });
  }
}

/** Example: `{"state":"shutOff" ,"guest":…}`. */
function textOf<Kept extends object>(
  kept: Kept,
  changing: ChangingField<Kept> | undefined,
): string {
  if (changing === undefined) return JSON.stringify(kept);
  const others = JSON.stringify({ ...kept, [changing.name]: undefined });
  return `${beginning(changing)}${paddedText(kept, changing)},${others.slice(1)}`;
}

function beginning<Kept>({ name }: ChangingField<Kept>): string {
  return `{"${name}":`;
}

function placeOf<Kept>(changing: ChangingField<Kept>): number {
  return beginning(changing).length;
}

function paddedText<Kept>(kept: Kept, { name, width }: ChangingField<Kept>): string {
  return JSON.stringify(kept[name]).padEnd(width);
}

function isElseEqual<Kept extends object>(a: Kept, b: Kept, except: keyof Kept): boolean {
  const names = Object.keys({ ...a, ...b }) as (keyof Kept)[];
  return names.every((name) => name === except || a[name] === b[name]);
}
