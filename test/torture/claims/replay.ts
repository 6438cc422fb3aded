/** The changes of one host's devices in the order of its generations, checked one by one. */
import type { Intent } from './entry.ts';

/** By address. */
export type Holders = ReadonlyMap<string, string>;

/** A state of the devices that is possible after what is known. */
interface Possible {
  holders: Holders;
  violations: string[];
}

/** More are not followed: a killed worker leaves a few changes of which the end is unknown. */
const mostPossible = 64;

export class Replay {
  readonly #byGeneration: ReadonlyMap<number, Intent[]>;
  readonly #isCommitted: (id: string) => boolean;
  readonly #parents: ReadonlyMap<string, string | null>;

  /** `intents`: of this host, without those that were refused. `parents`: the PF of each VF. */
  constructor(
    intents: readonly Intent[],
    {
      isCommitted,
      parents,
    }: { isCommitted: (id: string) => boolean; parents: ReadonlyMap<string, string | null> },
  ) {
    this.#byGeneration = Map.groupBy(intents, ({ generation }) => generation);
    this.#isCommitted = isCommitted;
    this.#parents = parents;
  }

  /**
   * From the generation before the workers to the last one, which is that of the database, as its
   * holders are.
   */
  run(from: number, to: number, end: Holders): string[] {
    let possible: Possible[] = [{ holders: new Map(), violations: [] }];
    for (let generation = from + 1; generation <= to; generation += 1) {
      const { changes, violations } = this.#changesTo(generation);
      const next = possible.flatMap((before) =>
        changes.map((change) => this.#after(before, change, violations)),
      );
      possible = fewestViolations(next);
      if (changes.length === 0) return [`nobody committed generation ${generation}`];
    }
    const lost = [...this.#byGeneration]
      .filter(([generation]) => generation > to)
      .flatMap(([, all]) => all.filter(({ id }) => this.#isCommitted(id)))
      .map(({ operation, generation }) => `${operation} to generation ${generation} was lost`);
    const same = possible.find(({ holders }) => isEqual(holders, end));
    const best = same ?? possible[0];
    const differs =
      same === undefined ? ['the holders in the database are not those committed'] : [];
    return [...(best?.violations ?? []), ...differs, ...lost].slice(0, 20);
  }

  /** Alternatives, each a list of changes: more than one where a killed worker began several. */
  #changesTo(generation: number): { changes: Intent[][]; violations: string[] } {
    const all = this.#byGeneration.get(generation) ?? [];
    const committed = all.filter(({ id }) => this.#isCommitted(id));
    if (committed.length === 0) return { changes: all.map((one) => [one]), violations: [] };
    if (committed.length === 1) return { changes: [committed], violations: [] };
    const problem = `generation ${generation} was committed ${committed.length} times`;
    return { changes: [committed], violations: [problem] };
  }

  #after(
    { holders, violations }: Possible,
    changes: readonly Intent[],
    found: readonly string[],
  ): Possible {
    const after = new Map(holders);
    const problems = [...violations, ...found];
    for (const { operation, serverId, devices } of changes) {
      for (const [address, holder] of devices) {
        const before = after.get(address) ?? null;
        if (!isRight({ operation, serverId }, before, holder)) {
          const change = `${before ?? 'nobody'} to ${holder ?? 'nobody'}`;
          problems.push(`${operation} for ${serverId}: ${address} went from ${change}`);
        }
        if (holder === null) after.delete(address);
        else after.set(address, holder);
        const parent = this.#parents.get(address) ?? '';
        if (holder !== null && after.has(parent)) {
          problems.push(`${parent} and its VF ${address} are held together`);
        }
      }
    }
    return { holders: after, violations: problems };
  }
}

function isRight(
  { operation, serverId }: Pick<Intent, 'operation' | 'serverId'>,
  before: string | null,
  after: string | null,
): boolean {
  if (before === after) return true;
  if (operation === 'claim') return before === null && after === serverId;
  return operation === 'release' && before === serverId && after === null;
}

function fewestViolations(possible: readonly Possible[]): Possible[] {
  const fewest = Math.min(...possible.map(({ violations }) => violations.length));
  return possible.filter(({ violations }) => violations.length === fewest).slice(0, mostPossible);
}

function isEqual(one: Holders, other: Holders): boolean {
  return one.size === other.size && [...one].every(([key, value]) => other.get(key) === value);
}
