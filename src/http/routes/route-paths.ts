/** From the path of a request to the rows of a route table. */
import findMyWay from 'find-my-way';

/** The rows that share a path, in the table's order, and what its parameters matched. */
export interface FoundPath<Row> {
  rows: readonly Row[];
  params: Record<string, string>;
}

/**
 * Paths below the prefix, as they came in the URL (still encoded, without query). Example:
 * `/servers/2a1c`. A path that matches in two ways is the one with the method, if one has it:
 * `DELETE /flavors/detail` deletes a flavor of this name. Otherwise the rows have other methods.
 * undefined: no row has this path.
 */
export type FindPath<Row> = (path: string, method: string) => FoundPath<Row> | undefined;

/** Compiles the paths of a table. */
export function pathsOf<Row extends { path: string; method: string }>(
  rows: readonly Row[],
): FindPath<Row> {
  const ofPath = Map.groupBy(rows, ({ path }) => path);
  const routers = new Map(
    [...Map.groupBy(rows, ({ method }) => method)].map(([method, its]) => [method, routerOf(its)]),
  );
  const every = routerOf(rows);
  return (path, method) => {
    const found = routers.get(method)?.find('GET', path) ?? every.find('GET', path);
    const there = ofPath.get(String(found?.store));
    if (found === null || there === undefined) return undefined;
    return { rows: there, params: { ...found.params } as Record<string, string> };
  };
}

/** Finds the path of a row. */
function routerOf(rows: readonly { path: string }[]) {
  const router = findMyWay({ ignoreTrailingSlash: true, maxParamLength: 1024 });
  const unused = () => {};
  for (const path of new Set(rows.map((row) => row.path))) router.on('GET', path, unused, path);
  return router;
}
