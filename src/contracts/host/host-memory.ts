/** What an agent keeps on its host between its runs: a few small documents. */

/**
 * Keys are paths of plain words. Example: `devices/0000:01:10.0`. A document is kept or not at all,
 * and outlives a power cut once written.
 */
export interface HostMemory {
  /** undefined: none is kept. Throws `unavailable` when it cannot be read. */
  read(key: string): Promise<unknown>;
  write(key: string, document: unknown): Promise<void>;
  /** No error when none is kept. */
  remove(key: string): Promise<void>;
  /** The keys below a folder, in order. Example: `keys('devices')` → `['devices/0000:01:10.0']`. */
  keys(folder: string): Promise<string[]>;
}
