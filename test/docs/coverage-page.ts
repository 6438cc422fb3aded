/** The route table as a page for people: docs/api-coverage.md is this text. */
import { titleOf } from '#http/routes/route.ts';
import { maxVersion } from '#api/requests/negotiate.ts';
import type { Route } from '#api/requests/route.ts';

/** The whole page. */
export function coveragePage(routes: readonly Route[], operatorRoutes: readonly Route[]): string {
  const removed = routes.filter(({ status }) => status === 410).length;
  const missing = routes.filter(isMissing).length;
  const offered = routes.length - missing - removed;
  return [
    '# API coverage',
    '',
    `Generated from the route table (\`src/api/routes.ts\`). Microversions 2.1 to 2.${maxVersion}.`,
    `The compute API has ${offered} calls; ${missing} more calls of Nova answer 501, and ${removed} that Nova has removed 410. Other paths are 404.`,
    '',
    '## Compute API, below `/v2.1`',
    '',
    ...table(routes),
    '',
    '## Operator API, below `/novella/v1`',
    '',
    ...table(operatorRoutes),
    '',
  ].join('\n');
}

function table(routes: readonly Route[]): string[] {
  return [
    '| call | microversions | role | answers |',
    '|---|---|---|---|',
    ...routes.map(
      (route) => `| \`${titleOf(route)}\` | ${range(route)} | ${route.rule} | ${answer(route)} |`,
    ),
  ];
}

function range({ from, to }: Route): string {
  if (to !== undefined) return `2.${from ?? 1}–2.${to}`;
  return from === undefined ? 'all' : `from 2.${from}`;
}

/** Some operations on a missing resource check first whether its parent exists. */
const isMissing = ({ handler, status }: Route) => handler === undefined || status === 501;

function answer(route: Route): string {
  const { status = 200 } = route;
  if (isMissing(route)) return '501, not supported';
  if (typeof status === 'number') return String(status);
  return 'by microversion';
}
