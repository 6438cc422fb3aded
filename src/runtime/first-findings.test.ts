import { Type } from 'typebox';
import { Compile } from 'typebox/compile';
import { expect, test } from 'vitest';
import { firstFindings } from './first-findings.ts';

const closed = { additionalProperties: false };
const device = Type.Object({
  slot: Type.String(),
  tags: Type.Record(Type.String(), Type.String()),
});
const result = Type.Union([
  Type.Object({ ok: Type.Literal(true), steps: Type.Array(Type.Integer()) }),
  Type.Object({ ok: Type.Literal(false), steps: Type.Array(Type.String()) }),
]);
const schema = Type.Object({
  devices: Type.Optional(Type.Array(device, { maxItems: 1_000 })),
  both: Type.Optional(Type.Intersect([Type.Object({ a: Type.Array(Type.Integer()) }), device])),
  known: Type.Optional(Type.Object({ a: Type.Optional(Type.String()) }, closed)),
  result: Type.Optional(result),
  any: Type.Optional(Type.Union([Type.Array(Type.Integer()), Type.Array(Type.String())])),
});

const many = <Value>(count: number, value: Value) => Array.from({ length: count }, () => value);
const keys = (count: number, value: unknown) =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, value]));
const good = { slot: '1f', tags: {} };

test.each([
  { value: { devices: many(300, good), known: { b: 1 } }, at: '/known/b', message: 'boolean' },
  { value: { devices: [...many(500, good), {}] }, at: '/devices/500', message: 'required' },
  { value: { devices: many(500, { slot: 1 }) }, at: '/devices/0', message: 'required' },
  { value: { devices: many(200_000, {}) }, at: '/devices', message: 'maxItems' },
  { value: { devices: keys(9_000, 1) }, at: '/devices', message: 'type' },
  {
    value: { devices: [{ slot: '1f', tags: { ...keys(900, 'a'), bad: 1 } }] },
    at: '/devices/0/tags/bad',
    message: 'type',
  },
  { value: { known: { ...keys(9_000, 1), a: 1 } }, at: '/known/k0', message: 'boolean' },
  { value: { known: { a: many(9_000, 1) } }, at: '/known/a', message: 'type' },
  { value: { both: { ...good, a: [...many(900, 1), 'x'] } }, at: '/both/a/900', message: 'type' },
  { value: { result: { ok: false, steps: many(900, 1) } }, at: '/result/steps/0', message: 'type' },
  { value: { any: [...many(900, 1), 'x'] }, at: '/any', message: '' },
  { value: many(9_000, {}), at: '', message: 'type' },
])('the first fault of a value is at $at: $message', ({ value, at, message }) => {
  expect(Compile(schema).Check(value)).toBe(false);
  const findings = firstFindings(schema, value);
  expect(findings.length).toBeLessThan(20);
  const found = findings.map(({ keyword, instancePath }) => `${instancePath} ${keyword}`);
  expect(found).toContain(`${at} ${message}`);
});

test('a hundred thousand faults cost little more than one', () => {
  const free = Type.Object({ list: Type.Array(device) });
  const value = { list: many(100_000, {}) };
  firstFindings(free, { list: many(300, {}) });
  const began = process.cpuUsage();
  expect(firstFindings(free, value)[0]).toMatchObject({
    instancePath: '/list/0',
    schemaPath: '#/properties/list/items',
    keyword: 'required',
  });
  expect(process.cpuUsage(began).user / 1_000).toBeLessThan(100);
});
