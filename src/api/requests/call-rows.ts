/** Short forms for many rows of the route table that differ only in method and path. */
import type { Method, Route, RouteRule } from './route.ts';
import { splitNames } from './split-names.ts';

type Range = Pick<Route, 'from' | 'to'>;

/**
 * One row for each method before each path. Example: `callRows('signed-in', 'GET PUT
 * /os-cells/:id GET /os-cells')`, three rows.
 */
export function callRows(rule: RouteRule, calls: string, range: Range = {}): Route[] {
  return [...calls.matchAll(/((?:[A-Z]+ )+)(\/\S+)/g)].flatMap(([, methods = '', path = '']) =>
    splitNames(methods).map(
      (method): Route => ({ method: method as Method, path, rule, ...range }),
    ),
  );
}

/** One row for each action of a path. */
export function actionRows(
  rule: RouteRule,
  path: string,
  keys: string,
  range: Range = {},
): Route[] {
  return splitNames(keys).map((action) => ({ method: 'POST', path, rule, action, ...range }));
}
