/** The route table as a page for people: docs/api-coverage.md is this text. */
import { titleOf } from '#http/routes/route.ts';
import { maxVersion } from '#api/requests/negotiate.ts';
import { namesOf } from '#api/requests/permission.ts';
import type { Route } from '#api/requests/route.ts';
import { standardRules } from '#core/access/rules/standard-rules.ts';

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
    '| call | microversions | rule | role | answers |',
    '|---|---|---|---|---|',
    ...routes.map(
      (route) =>
        `| \`${titleOf(route)}\` | ${range(route)} | ${rules(route)} | ${roles(route)} | ${answer(route)} |`,
    ),
  ];
}

/** Example: `os_compute_api:servers:create`; empty where Nova has none. */
function rules({ rule }: Route): string {
  return namesOf(rule)
    .map((name) => `\`${name}\``)
    .join(', ');
}

/** The least that the default of each rule requires. */
function roles({ rule }: Route): string {
  if (rule === 'signed-in') return 'any';
  return namesOf(rule)
    .map((name) => leastRole[standardRules[name].check] ?? standardRules[name].check)
    .join(', ');
}

const leastRole: Record<string, string> = {
  'rule:context_is_admin': 'admin',
  'rule:project_manager_or_admin': 'manager',
  'rule:project_member_or_admin': 'member',
  'rule:project_reader_or_admin': 'reader',
  'rule:service_or_admin': 'service or admin',
  '(rule:context_is_admin) or user_id:%(user_id)s': 'any; for others, admin',
  '@': 'any',
};

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
