import { describe, expect, test } from 'vitest';
import { readTime, textTest, timeTest } from './filter-values.ts';

describe('text', () => {
  test.each([
    ['a', ['a']],
    ['eq:a:b', ['a:b']],
    ['in:a,b', ['a', 'b']],
    ['in:"b,c",a', ['a', 'b,c']],
    [String.raw`in:"say \"a\""`, ['say "a"']],
    ['in:a,,b', ['', 'a', 'b']],
    ['in:', ['']],
    ['in:in:a', ['in:a']],
  ])('%s matches one of %j', (value, found) => {
    const all = ['', 'a', 'b', 'b,c', 'a:b', 'say "a"', 'in:a', null];
    expect(all.filter(textTest('name', value))).toEqual(found);
  });

  test.each([
    ['like:a', "query.name: 'like:a' has the unknown operator 'like': must be one of eq, in"],
    ['in:"a', 'not closed'],
    [String.raw`in:"a\"`, 'not closed'],
    ['in:"', 'not closed'],
    ['in:"a"b', 'not closed'],
    ['in:a"b"', 'not closed'],
  ])('%s is refused', (value, message) => {
    expect(() => textTest('name', value)).toThrow(message);
  });
});

describe('times', () => {
  const shown = Date.parse('2026-11-23T07:15:00Z');
  test.each([
    ['2026-11-23T07:15:00Z', [0]],
    ['eq:2026-11-23T08:15:00+01:00', [0]],
    ['gt:2026-11-23T07:15:00', [1]],
    ['gte:20261123T071500Z', [0, 1]],
    ['lt:2026-11-23 07:15', [-1]],
    ['lte:2026-11-23T07:15:00.000Z', [-1, 0]],
    ['neq:2026-11-23T07:15:00Z', [-1, 1]],
    ['gt:2026', [-1, 0, 1]],
    ['lt:2026-11', []],
  ])('%s', (value, seconds) => {
    const test = timeTest('created_at', value);
    expect([-1, 0, 1].filter((second) => test(shown + second * 1000 + 999))).toEqual(seconds);
  });

  test.each([
    'today',
    'gt:',
    'gt:yesterday',
    'in:2026-11-23',
    'gt:2026-02-30',
    'gt:2026-13-01',
    'gt:1',
    'toString:2026-11-23',
  ])('%s is refused', (value) => {
    expect(() => timeTest('created_at', value)).toThrow(/^query\.created_at: '/);
  });

  test.each([
    ['2026-11-23T07:15:00+0130', '2026-11-23T05:45:00.000Z'],
    ['2026-11-23T07:15:00-01', '2026-11-23T08:15:00.000Z'],
    ['2026-11-23T07:15:00,5', '2026-11-23T07:15:00.500Z'],
  ])('%s is %s', (text, iso) => {
    expect(readTime(text)).toBe(Date.parse(iso));
  });
});
