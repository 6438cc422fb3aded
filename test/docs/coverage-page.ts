/** The route table as a page for people: docs/api-coverage.md is this text. */
import { titleOf } from '#http/routes/route.ts';
import { maxVersion } from '#api/requests/negotiate.ts';
import type { Route } from '#api/requests/route.ts';

/** The whole page. */
export function coveragePage(routes: readonly Route[], operatorRoutes: readonly Route[]): string {
  const offered = routes.filter((route) => !isMissing(route)).length;
  return [
    '# API coverage',
    '',
    `Made from the route table (\`src/api/routes.ts\`); a test compares. Microversions 2.1 to 2.${maxVersion}.`,
    `${offered} calls of the compute API are offered; ${routes.length - offered} more are known and answer 501. All else is 404.`,
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

/** Some that are missing look first whether what they are asked of is there. */
const isMissing = ({ handler, status }: Route) => handler === undefined || status === 501;

function answer(route: Route): string {
  const { status = 200 } = route;
  if (isMissing(route)) return '501, not offered yet';
  if (typeof status === 'number') return String(status);
  return 'by microversion';
}
