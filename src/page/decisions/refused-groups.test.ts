import { expect, test } from 'vitest';
import type { Filter } from '#core/scheduling/filter.ts';
import { filterMeanings } from './filter-names.ts';
import { refusedGroups, refusingFilters } from './refused-groups.ts';

const refused = (host: string, filter: string, ...figures: [free: number, needed: number][]) => ({
  host,
  filter,
  reasons: figures.map(([free, needed]) => ({
    code: 'x',
    message: `${free} of ${needed}`,
    data: { free, needed },
  })),
});

test('hosts alike are one group, and the nearest miss is the first', () => {
  const groups = refusedGroups([
    refused('a', 'alive', [0, 1]),
    refused('b', 'resources', [7680, 8192]),
    refused('c', 'pci', [0, 1]),
    refused('d', 'pci', [3, 4]),
    refused('e', 'pci', [3, 4]),
    refused('f', 'pci', [3, 4], [1, 2]),
  ]);
  expect(groups.map(({ hosts }) => hosts.join())).toEqual(['d,e', 'c', 'f', 'b', 'a']);
  expect(groups[0]).toMatchObject({ filter: 'pci', messages: ['3 of 4'], shortage: 0.25 });
});

test('columns are the filters that refused, in the order of the scheduler', () => {
  const rejections = [
    refused('a', 'of a newer version', [0, 1]),
    refused('b', 'pci', [0, 1]),
    refused('c', 'zone', [0, 1]),
  ];
  expect(refusingFilters(rejections)).toEqual(['zone', 'pci', 'of a newer version']);
});

test('each filter of the scheduler has a meaning', () => {
  const files = import.meta.glob<Record<string, unknown>>(
    ['../../core/scheduling/filters/*.ts', '!**/*.test.ts'],
    { eager: true },
  );
  const names = Object.values(files).flatMap((module) =>
    Object.values(module).flatMap((one) => (isFilter(one) ? [one.name] : [])),
  );
  expect(Object.keys(filterMeanings).sort()).toEqual(names.sort());
});

function isFilter(value: unknown): value is Filter {
  return typeof value === 'object' && value !== null && 'check' in value && 'name' in value;
}
