/** From the path of a request to the rows of a route table. */
import findMyWay from 'find-my-way';

/** The rows that share a path, in the table's order, and what its parameters matched. */
export interface FoundPath<Row> {
  rows: readonly Row[];
  params: Record<string, string>;
}

/**
 * Paths below the prefix, as they came in the URL (still encoded, without query). Example:
 * `/servers/2a1c`. undefined: no row has this path.
 */
export type FindPath<Row> = (path: string) => FoundPath<Row> | undefined;

/** Compiles the paths of a table. */
export function pathsOf<Row extends { path: string }>(rows: readonly Row[]): FindPath<Row> {
  const router = findMyWay({ ignoreTrailingSlash: true, maxParamLength: 1024 });
  const unused = () => {};
  const ofPath = Map.groupBy(rows, ({ path }) => path);
  for (const path of ofPath.keys()) router.on('GET', path, unused, path);
  return (path) => {
    const found = router.find('GET', path);
    const there = ofPath.get(String(found?.store));
    if (found === null || there === undefined) return undefined;
    return { rows: there, params: { ...found.params } as Record<string, string> };
  };
}
