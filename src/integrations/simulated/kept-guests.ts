/**
 * What a simulated host keeps of its guests: in memory, and in a file to which each change is
 * appended. A file for each guest would be made in each boot, which costs more than all else that
 * the simulated host does.
 */
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { ComputeError, errorText } from '#core/errors.ts';
import { replaceFileSync } from '#runtime/atomic-file.ts';

/** The folders with what a simulated host keeps of its guests. */
export const keptFolders = ['guests', 'files'] as const;

/** The file in such a folder. */
export const keptName = 'kept.jsonl';

/** Earlier versions wrote a file for each guest, named by its id. */
const oldEnding = '.json';

/** The file is rewritten when it has so many lines, and so many for each guest. */
const mostLines = { atLeast: 200, perGuest: 4 };

export interface KeptGuestsOptions<Kept> {
  /** Made with its first file; without one everything is in memory only. */
  folder: string | undefined;
  /** Whether what a file holds of a guest is complete. */
  isWhole: (kept: Partial<Kept>) => boolean;
}

/** A line of the file: the fields that have changed; null: the guest is gone. */
type Line<Kept> = [guestId: string, changed: Partial<Kept> | null];

/**
 * A value for each guest, by its id. A value that was set is in the file, whenever the process
 * dies; after a power cut the newest changes may be missing.
 */
export class KeptGuests<Kept extends object> {
  readonly #options: KeptGuestsOptions<Kept>;
  readonly #values = new Map<string, Kept>();
  /** Of the file; undefined: it must be written as a whole before anything is appended. */
  #lines: number | undefined;
  /** Files of an earlier version, until there is one for all. */
  #old: string[] = [];

  /**
   * Reads what an earlier process kept, and changes nothing. Throws `unavailable`, naming the file
   * and the remedy, where it cannot be read; an incomplete last line is not: that process died
   * before it had reported the change.
   */
  constructor(options: KeptGuestsOptions<Kept>) {
    this.#options = options;
    const { folder } = options;
    if (folder === undefined || !existsSync(folder)) return;
    const path = join(folder, keptName);
    if (existsSync(path)) orUnreadable(path, () => this.#read(path));
    else this.#readOld(folder);
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

  /** The text of a file with these guests only; empty without any. */
  textOf(guestIds: ReadonlySet<string>): string {
    return textOf([...this.#values].filter(([guestId]) => guestIds.has(guestId)));
  }

  /** Returns once it is written. Throws the file system's errors; the old value is kept. */
  async set(guestId: string, kept: Kept): Promise<void> {
    this.#change(guestId, kept);
  }

  /** Likewise. No error for a guest that is not kept. */
  async delete(guestId: string): Promise<void> {
    if (this.#values.has(guestId)) this.#change(guestId, undefined);
  }

  #change(guestId: string, kept: Kept | undefined): void {
    const before = this.#values.get(guestId);
    this.#put(guestId, kept);
    const { folder } = this.#options;
    if (folder === undefined) return;
    try {
      this.#write(folder, linesOf(guestId, before, kept));
    } catch (error) {
      this.#put(guestId, before);
      // A part of it may have been appended.
      this.#lines = undefined;
      throw error;
    }
  }

  #put(guestId: string, kept: Kept | undefined): void {
    if (kept === undefined) this.#values.delete(guestId);
    else this.#values.set(guestId, kept);
  }

  #write(folder: string, lines: Line<Kept>[]): void {
    const path = join(folder, keptName);
    const most = mostLines.atLeast + mostLines.perGuest * this.#values.size;
    if (this.#lines === undefined || this.#lines > most) return this.#writeAll(folder, path);
    try {
      appendToExisting(path, textOf(lines));
      this.#lines += lines.length;
    } catch (error) {
      if (!isMissing(error)) throw error;
      this.#writeAll(folder, path);
    }
  }

  #writeAll(folder: string, path: string): void {
    const text = textOf([...this.#values]);
    try {
      replaceFileSync(path, text);
    } catch (error) {
      if (!isMissing(error)) throw error;
      makeFolders(folder);
      replaceFileSync(path, text);
    }
    this.#lines = this.#values.size;
    for (const old of this.#old.splice(0)) rmSync(old, { force: true });
  }

  #read(path: string): void {
    const lines = readFileSync(path, 'utf8').split('\n');
    const last = lines.pop();
    for (const line of lines) {
      const [guestId, changed] = JSON.parse(line) as Line<Kept>;
      if (changed === null) this.#values.delete(guestId);
      else this.#values.set(guestId, { ...this.#values.get(guestId), ...changed } as Kept);
    }
    for (const [guestId, kept] of this.#values) this.#refuseHalf(guestId, kept);
    if (last === '') this.#lines = lines.length;
  }

  #readOld(folder: string): void {
    for (const name of readdirSync(folder)) {
      if (!name.endsWith(oldEnding)) continue;
      const path = join(folder, name);
      this.#old.push(path);
      orUnreadable(path, () => {
        const text = readFileSync(path, 'utf8');
        // A power cut came before its first text was on disk, so that guest does not exist.
        if (text === '') return;
        const guestId = name.slice(0, -oldEnding.length);
        const kept = JSON.parse(text) as Kept;
        this.#refuseHalf(guestId, kept);
        this.#values.set(guestId, kept);
      });
    }
  }

  #refuseHalf(guestId: string, kept: Partial<Kept> | null): void {
    if (kept === null || !this.#options.isWhole(kept))
      throw new Error(`guest ${guestId} is not complete`);
  }
}

/** A file that others have removed is not made: it would lack the other guests. */
function appendToExisting(path: string, text: string): void {
  const file = openSync(path, constants.O_WRONLY | constants.O_APPEND);
  try {
    writeFileSync(file, text);
  } finally {
    closeSync(file);
  }
}

function orUnreadable(path: string, read: () => void): void {
  try {
    read();
  } catch (cause) {
    throw new ComputeError(
      'unavailable',
      `guest file ${path} cannot be read: ${errorText(cause)}; restore a backup (novella restore), or remove the file: then its guests are gone, and their servers can be deleted or rebooted hard`,
    );
  }
}

/** Of a large fleet only hosts that have had a guest have folders. */
function makeFolders(folder: string): void {
  const ofHost = dirname(folder);
  for (const path of [folder, ...keptFolders.map((name) => join(ofHost, name))]) {
    mkdirSync(path, { recursive: true });
  }
}

// oxlint-disable-next-line max-params -- of which guest, from what to what
function linesOf<Kept extends object>(
  guestId: string,
  before: Kept | undefined,
  kept: Kept | undefined,
): Line<Kept>[] {
  if (kept === undefined) return [[guestId, null]];
  if (before === undefined) return [[guestId, kept]];
  const hasLost = (Object.keys(before) as (keyof Kept)[]).some((name) => kept[name] === undefined);
  if (hasLost) return [...linesOf(guestId, before, undefined), [guestId, kept]];
  const names = Object.keys(kept) as (keyof Kept)[];
  const changed = names.filter((name) => kept[name] !== before[name]);
  return [
    [guestId, Object.fromEntries(changed.map((name) => [name, kept[name]])) as Partial<Kept>],
  ];
}

function textOf<Kept>(lines: readonly Line<Kept>[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
