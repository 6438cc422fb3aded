/** From the path of a request to the rows of a route table. */
import findMyWay from 'find-my-way';
import type { Route } from './route.ts';

/** The rows that share a path, in the table's order, and what its parameters matched. */
export interface FoundPath {
  rows: readonly Route[];
  params: Record<string, string>;
}

/**
 * Paths below the prefix, as they came in the URL (still encoded, without query). Example:
 * `/servers/2a1c`. undefined: no row has this path.
 */
export type FindPath = (path: string) => FoundPath | undefined;

const known = new WeakMap<readonly Route[], FindPath>();

/** A table is read once, however many prefixes and services it is mounted on. */
export function pathsOf(routes: readonly Route[]): FindPath {
  let find = known.get(routes);
  if (find === undefined) {
    find = compile(routes);
    known.set(routes, find);
  }
  return find;
}

function compile(routes: readonly Route[]): FindPath {
  const router = findMyWay({ ignoreTrailingSlash: true, maxParamLength: 1024 });
  const unused = () => {};
  for (const [path, rows] of Map.groupBy(routes, (route) => route.path)) {
    router.on('GET', path, unused, rows);
  }
  return (path) => {
    const found = router.find('GET', path);
    if (found?.store == null) return undefined;
    return { rows: found.store as Route[], params: found.params as Record<string, string> };
  };
}
