/** A host's memory that ends with its process, as the settings of simulated VFs do. */
import type { HostMemory } from '#contracts/host/host-memory.ts';
import { compareText } from '#core/compare-text.ts';

export class SimulatedMemory implements HostMemory {
  readonly #documents = new Map<string, string>();

  async read(key: string): Promise<unknown> {
    const text = this.#documents.get(key);
    return text === undefined ? undefined : JSON.parse(text);
  }

  async write(key: string, document: unknown): Promise<void> {
    this.#documents.set(key, JSON.stringify(document));
  }

  async remove(key: string): Promise<void> {
    this.#documents.delete(key);
  }

  async keys(folder: string): Promise<string[]> {
    return [...this.#documents.keys()]
      .filter((key) => key.startsWith(`${folder}/`))
      .toSorted(compareText);
  }
}
