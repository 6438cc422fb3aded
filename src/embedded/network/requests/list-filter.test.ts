/** What a filter costs: by what a view has, not by how many values a query repeats. */
import { describe, expect, test } from 'vitest';
import type { View } from '../views.ts';
import { filterOf } from './list-filter.ts';
import { fieldsOf, pageOf } from './list-query.ts';
import { listings } from './listings.ts';
import type { Query } from './list-filter.ts';

const listing = listings.port;
const passes = (query: Query, view: View) => filterOf(query, listing)?.(view) ?? true;

/** Entries that count how often one is read. */
function counted<Entry>(entries: Entry[]) {
  const counts = { reads: 0 };
  const list = new Proxy(entries, {
    get(target, key, receiver) {
      if (typeof key === 'string' && /^\d+$/.test(key)) counts.reads += 1;
      return Reflect.get(target, key, receiver) as unknown;
    },
  });
  return { list, counts };
}

const port = {
  name: 'p',
  admin_state_up: true,
  device_id: null,
  tags: ['a', 'b'],
  security_groups: ['g1', 'g2'],
  fixed_ips: [
    { subnet_id: 's1', ip_address: '10.0.0.3' },
    { subnet_id: 's2', ip_address: '172.16.0.4' },
  ],
};

const cases: { query: Query; isMatch: boolean }[] = [
  { query: { tags: 'a,b,a' }, isMatch: true },
  { query: { tags: ['a', 'b'] }, isMatch: true },
  { query: { tags: ['a', 'c'] }, isMatch: false },
  { query: { tags: '' }, isMatch: false },
  { query: { 'tags-any': 'c,b' }, isMatch: true },
  { query: { 'tags-any': 'c,c' }, isMatch: false },
  { query: { 'not-tags': 'a,b' }, isMatch: false },
  { query: { 'not-tags': 'a,c' }, isMatch: true },
  { query: { 'not-tags-any': 'a,c' }, isMatch: false },
  { query: { 'not-tags-any': 'c,d' }, isMatch: true },
  { query: { name: ['x', 'p'] }, isMatch: true },
  { query: { name: 'x' }, isMatch: false },
  { query: { device_id: '' }, isMatch: true },
  { query: { admin_state_up: ['no', 'yes'] }, isMatch: true },
  { query: { admin_state_up: 'no' }, isMatch: false },
  { query: { security_groups: ['g2', 'g3'] }, isMatch: true },
  { query: { security_groups: 'g3' }, isMatch: false },
  { query: { fixed_ips: ['subnet_id=s1', 'ip_address=172.16.0.4'] }, isMatch: true },
  { query: { fixed_ips: ['subnet_id=s1', 'subnet_id=s2'] }, isMatch: true },
  { query: { fixed_ips: ['subnet_id=s1', 'subnet_id=s3'] }, isMatch: false },
  { query: { fixed_ips: 'ip_address=10.0.0' }, isMatch: false },
  { query: { fixed_ips: ['ip_address_substr=10.0', 'ip_address_substr=72.1'] }, isMatch: true },
  { query: { fixed_ips: 'ip_address_substr=10.1' }, isMatch: false },
  { query: { fixed_ips: 'ip_address_substr=' }, isMatch: true },
  { query: { fixed_ips: 'ip_address_substr=3\n172' }, isMatch: false },
  { query: { limit: '1', fields: 'id' }, isMatch: true },
];
test.each(cases)('$query: $isMatch', ({ query, isMatch }) => {
  expect(passes(query, port)).toBe(isMatch);
});

test('a port without an address passes no filter of addresses', () => {
  expect(passes({ fixed_ips: 'ip_address_substr=' }, { fixed_ips: [] })).toBe(false);
});

describe('thousands of values', () => {
  const many = Array.from({ length: 5_000 }, (_, at) => `t${at % 2_500}`).join(',');
  const tagFilters = ['tags', 'tags-any', 'not-tags', 'not-tags-any'];
  test.each(tagFilters)('%s reads each tag of a view once', (filter) => {
    const { list, counts } = counted(Array.from({ length: 50 }, (_, at) => `u${at}`));
    passes({ [filter]: [many, many] }, { tags: list });
    expect(counts.reads).toBeLessThanOrEqual(list.length);
  });

  const addresses = ['subnet_id=s1', 'ip_address=10.0.0.3', 'ip_address_substr=10'];
  test.each(addresses)('%s reads each address of a view at most three times', (value) => {
    const { list, counts } = counted([...port.fixed_ips]);
    const values = Array.from({ length: 400 }, () => value);
    expect(passes({ fixed_ips: values }, { fixed_ips: list })).toBe(true);
    expect(counts.reads).toBeLessThanOrEqual(3 * list.length);
  });

  test('the fields of a query are read once for all views', () => {
    let reads = 0;
    const query = {
      get fields() {
        reads += 1;
        return many;
      },
    };
    const pick = fieldsOf({ ...query });
    const views = Array.from({ length: 100 }, (_, at) => ({ t1: at, other: at }));
    expect(views.map((view) => pick?.(view)).at(-1)).toEqual({ t1: 99 });
    expect(reads).toBe(1);
  });
});

const call = (query: Query) => ({ query, url: 'http://x/v2.0/ports', text: '' });

test('a page reads the values of its query no more often for more views', async () => {
  const readsOf = async (views: number) => {
    const tags = counted(['a,b', 'c']);
    const fields = counted(['name', 'tags']);
    const query = { 'tags-any': tags.list, fields: fields.list };
    const all = Array.from({ length: views }, (_, at) => ({ ...port, id: String(at) }));
    expect((await pageOf(all, call(query), listing)).views).toHaveLength(views);
    return tags.counts.reads + fields.counts.reads;
  };
  expect(await readsOf(200)).toBe(await readsOf(1));
});

test('a repeated sort key compares once', async () => {
  const readsOf = async (times: number) => {
    let reads = 0;
    const view = () => ({
      get status() {
        reads += 1;
        return 'DOWN';
      },
    });
    const query = {
      sort_key: Array.from({ length: times }, () => 'status'),
      sort_dir: Array.from({ length: times }, () => 'asc'),
    };
    await pageOf([view(), view()], call(query), listing);
    return reads;
  };
  expect(await readsOf(200)).toBe(await readsOf(1));
});
