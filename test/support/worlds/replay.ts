/**
 * Replays recorded exchanges: ids of the record are replaced by those of our service. For tests.
 */

export interface Exchange {
  method: string;
  path: string;
  body?: unknown;
  status: number;
  response?: unknown;
}

/** Maps recorded ids to ours. */
export class IdMap {
  readonly #ours = new Map<string, string>();

  /**
   * Learns from two replies to the same request: wherever the record has an id, ours has one in its
   * place.
   */
  learn(recorded: unknown, ours: unknown): void {
    if (typeof recorded !== 'object' || typeof ours !== 'object' || !recorded || !ours) return;
    for (const [key, value] of Object.entries(recorded)) {
      const other = (ours as Record<string, unknown>)[key];
      const isId = key === 'id' && typeof value === 'string' && typeof other === 'string';
      if (isId) this.#ours.set(value, other);
      else this.learn(value, other);
    }
  }

  /** The same value with our ids in it. */
  translate<T>(value: T): T {
    let text = JSON.stringify(value) ?? 'null';
    for (const [recorded, ours] of this.#ours) text = text.replaceAll(recorded, ours);
    return JSON.parse(text) as T;
  }
}

/**
 * The keys of a reply down to its objects in lists, as paths. Example: `['port', 'port.id', …]`.
 */
export function keyPaths(value: unknown, at = ''): string[] {
  if (Array.isArray(value)) return value.length === 0 ? [] : keyPaths(value[0], `${at}[]`);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value)
    .flatMap(([key, inner]) => [`${at}.${key}`, ...keyPaths(inner, `${at}.${key}`)])
    .sort();
}
