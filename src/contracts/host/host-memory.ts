/** What an agent keeps on its host between runs: a few small documents. */

/**
 * Keys are paths of plain names. Example: `devices/0000:01:10.0`. Documents are written atomically,
 * and survive a power cut once written.
 */
export interface HostMemory {
  /** undefined: no such document. Throws `unavailable` when it cannot be read. */
  read(key: string): Promise<unknown>;
  write(key: string, document: unknown): Promise<void>;
  /** No error when it does not exist. */
  remove(key: string): Promise<void>;
  /** The keys below a folder, in order. Example: `keys('devices')` → `['devices/0000:01:10.0']`. */
  keys(folder: string): Promise<string[]>;
}
