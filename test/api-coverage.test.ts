import { expect, test } from 'vitest';
import { coveragePage } from './docs/coverage-page.ts';
import { isInVersion } from '#api/requests/route.ts';
import { maxVersion, minVersion } from '#api/requests/negotiate.ts';
import { operatorRoutes } from '#api/operator/routes.ts';
import { routes } from '#api/routes.ts';

test('docs/api-coverage.md is the route table (vitest -u writes it)', async () => {
  await expect(coveragePage(routes, operatorRoutes)).toMatchFileSnapshot('../docs/api-coverage.md');
});

test('no call has two rows in one microversion', () => {
  const twice = [];
  for (let version = minVersion; version <= maxVersion; version++) {
    const titles = routes
      .filter((route) => isInVersion(route, version))
      .map(({ method, path, action }) => [method, path, action].join(' '));
    twice.push(...titles.filter((title, at) => titles.indexOf(title) !== at));
  }
  expect(twice).toEqual([]);
});
