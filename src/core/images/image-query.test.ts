import { expect, test } from 'vitest';
import { imageQueryParameters } from './image-query.ts';

test('conditions are those of the image service', () => {
  const changedSince = '2026-11-23T07:15:03Z';
  expect(
    imageQueryParameters({
      name: 'in:a',
      status: 'active',
      changedSince,
      minMemoryMib: 64,
      minDiskGib: 0,
      properties: { os: 'x' },
      limit: 5,
      after: 'i1',
    }),
  ).toEqual({
    name: 'eq:in:a',
    status: 'eq:active',
    updated_at: `gte:${changedSince}`,
    min_ram: '64',
    min_disk: '0',
    os: 'x',
    limit: '5',
    marker: 'i1',
  });
  expect(imageQueryParameters({ properties: {}, limit: 1000 })).toEqual({ limit: '1000' });
});

test.each(['', 'name', 'visibility', 'marker', 'limit', 'sort', 'tag', 'size_min', 'x_max'])(
  'images cannot be filtered by a property %j',
  (name) => {
    expect(() => imageQueryParameters({ properties: { [name]: 'x' }, limit: 1 })).toThrow(
      `property-${name}`,
    );
  },
);
