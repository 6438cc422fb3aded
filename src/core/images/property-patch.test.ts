import { expect, test } from 'vitest';
import { propertyPatch } from './property-patch.ts';

test('properties are set and removed by paths in which ~ and / are escaped', () => {
  expect(propertyPatch({ set: { os: 'x', 'a/~1': '' }, remove: ['b~/c'] })).toEqual([
    { op: 'add', path: '/os', value: 'x' },
    { op: 'add', path: '/a~1~01', value: '' },
    { op: 'remove', path: '/b~0~1c' },
  ]);
});
