import { expect, test } from 'vitest';
import { readBody } from '../../requests/json-schema.ts';
import { createServerBody } from './create-schema.ts';

const id = '913b0917-84f4-405b-a361-96b188737d15';
const server = { name: 's', flavorRef: '1', imageRef: id, networks: [] };
const times = <Item>(count: number, item: Item): Item[] =>
  Array.from({ length: count }, () => item);

const lists: [string, (count: number) => object][] = [
  ['networks', (count) => ({ server: { ...server, networks: times(count, { uuid: id }) } })],
  [
    'security_groups',
    (count) => ({ server: { ...server, security_groups: times(count, { name: 'g' }) } }),
  ],
  [
    'block_device_mapping_v2',
    (count) => ({ server: { ...server, block_device_mapping_v2: times(count, { uuid: id }) } }),
  ],
  [
    'different_host',
    (count) => ({ server, 'os:scheduler_hints': { different_host: times(count, id) } }),
  ],
];

test.each(lists)('%s may name at most 100 things', (field, bodyOf) => {
  expect(() => readBody(createServerBody(79), bodyOf(100))).not.toThrow();
  expect(() => readBody(createServerBody(79), bodyOf(101))).toThrow(field);
});
