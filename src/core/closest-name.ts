/** The name that was probably intended. */

/** Fewer letters in common than this, and the two have nothing to do with each other. */
const leastLikeness = 0.4;

/**
 * The candidate with the fewest changed, added, missing or swapped letters; undefined when none is
 * near. `mostChanges`: of letters. Example: `stauts` of `status, up` → `status`.
 */
export function closestName(
  name: string,
  candidates: readonly string[],
  mostChanges = 3,
): string | undefined {
  const [best] = candidates
    .map((candidate) => ({ candidate, changes: changesBetween(name, candidate) }))
    .filter(({ candidate, changes }) => {
      const length = Math.max(name.length, candidate.length);
      return changes <= mostChanges && (length - changes) / length > leastLikeness;
    })
    .toSorted((one, other) => one.changes - other.changes);
  return best?.candidate;
}

/** Optimal string alignment distance. */
function changesBetween(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, at) => at);
  for (let row = 1; row <= from.length; row++) {
    const now = [row];
    for (let column = 1; column <= to.length; column++) {
      const isSame = from[row - 1] === to[column - 1];
      const isSwapped = from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      now.push(
        Math.min(
          at(last, column) + 1,
          at(now, column - 1) + 1,
          at(last, column - 1) + (isSame ? 0 : 1),
          row > 1 && column > 1 && isSwapped ? at(beforeLast, column - 2) + 1 : Infinity,
        ),
      );
    }
    beforeLast = last;
    last = now;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Infinity;
}
