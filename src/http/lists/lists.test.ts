/** Order, limit, marker and the query of the next page, as every service's lists have them. */
import { expect, test } from 'vitest';
import { orderBy } from './order.ts';
import { besideMarker, limitOf, pageQuery } from './page.ts';

interface Thing {
  name: string | null;
  size: number;
}
const things: Thing[] = [
  { name: 'b', size: 10 },
  { name: 'a', size: 9 },
  { name: null, size: 1 },
  { name: 'a', size: 10 },
];
const byName = { read: ({ name }: Thing) => name, sign: 1 } as const;
const bySize = { read: ({ size }: Thing) => size, sign: -1 } as const;

test('the first value that differs decides; no value comes first', () => {
  const sorted = things.toSorted(orderBy([byName, bySize]));
  expect(sorted.map(({ name, size }) => `${name} ${size}`)).toEqual([
    'null 1',
    'a 10',
    'a 9',
    'b 10',
  ]);
});

test('numbers are in the order of their size, not of their digits', () => {
  const sorted = things.toSorted(orderBy([bySize]));
  expect(sorted.map(({ size }) => size)).toEqual([10, 10, 9, 1]);
});

test('truth values are in the order of their texts', () => {
  const order = orderBy([{ read: (value: boolean) => value, sign: 1 }]);
  expect([true, false].toSorted(order)).toEqual([false, true]);
});

test('without steps nothing moves', () => {
  expect(things.toSorted(orderBy([]))).toEqual(things);
});

const limits = {
  form: /^\d+$/,
  standard: 20,
  most: 100,
  refusal: (text: string) => new Error(`no limit: ${text}`),
};
test.each([
  { text: undefined, gives: 20 },
  { text: '0', gives: 0 },
  { text: '7', gives: 7 },
  { text: '101', gives: 100 },
])('a limit of $text is $gives', ({ text, gives }) => {
  expect(limitOf(text, limits)).toBe(gives);
});

test('another text is refused in the words of the service', () => {
  expect(() => limitOf('-1', limits)).toThrow('no limit: -1');
});

test.each([
  { marker: 'a', gives: { before: [], after: ['b', 'c'] } },
  { marker: 'b', gives: { before: ['a'], after: ['c'] } },
  { marker: 'c', gives: { before: ['a', 'b'], after: [] } },
  { marker: 'd', gives: undefined },
])('beside $marker', ({ marker, gives }) => {
  expect(besideMarker(['a', 'b', 'c'], marker, (item) => item)).toEqual(gives);
});

test.each([
  { query: { a: ['1', '2'], limit: '2' }, without: [], gives: 'a=1&a=2&limit=2&marker=x' },
  { query: { marker: 'w', limit: '2' }, without: ['marker'], gives: 'limit=2&marker=x' },
  { query: 'marker=w&limit=2', without: [], gives: 'marker=x&limit=2' },
  { query: 'marker=w&marker=v', without: [], gives: 'marker=x' },
  { query: '', without: [], gives: 'marker=x' },
])('the page after x of $query is $gives', ({ query, without, gives }) => {
  expect(pageQuery(query, { marker: 'x', without }).toString()).toBe(gives);
});

test('the first page has no marker', () => {
  const query = { marker: 'w', limit: '2' };
  const first = pageQuery(query, { marker: undefined, without: ['marker'] });
  expect(first.toString()).toBe('limit=2');
});
