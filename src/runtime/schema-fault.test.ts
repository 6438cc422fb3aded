import { type TProperties, type TSchema, Type } from 'typebox';
import { expect, test } from 'vitest';
import { faultOf, plainPhrasing, type SchemaPhrasing } from './schema-fault.ts';

const closed = (properties: TProperties) =>
  Type.Object(properties, { additionalProperties: false });

function fault(schema: TSchema, value: unknown, phrasing: Partial<SchemaPhrasing> = {}) {
  return faultOf({ value, schema }, { ...plainPhrasing, ...phrasing });
}

const named = closed({ port: closed({ name: Type.String() }) });
const union = Type.Object({ vlan: Type.Union([Type.Literal('none'), Type.Integer()]) });
const ports = Type.Object({ ports: Type.Array(union) });
const device = Type.Object({
  slot: Type.String({ pattern: '^[0-9a-f]+$', rule: 'must be a slot such as 1f' }),
});
const kinds = Type.Object({ kind: Type.Enum(['pf', 'vf']) });

test.each([
  {
    name: 'a missing key, at the object that needs it',
    schema: named,
    value: { port: {} },
    gives: { names: ['port'], keys: ['name'], rule: "required key 'name' is missing" },
  },
  {
    name: 'an unknown key, before the missing one that it may stand for',
    schema: named,
    value: { port: { nmae: 'a' } },
    gives: { names: ['port'], keys: ['nmae'], rule: "unknown key 'nmae'" },
  },
  {
    name: 'a value of another type',
    schema: named,
    value: { port: { name: 1 } },
    gives: { names: ['port', 'name'], keys: [], shown: '1', rule: 'must be string' },
  },
  {
    name: 'a union, with the rule of each branch',
    schema: ports,
    value: { ports: [{ vlan: 'none' }, { vlan: true }] },
    gives: {
      names: ['ports', '1', 'vlan'],
      shown: 'true',
      rule: 'must be "none" or must be integer',
    },
  },
  {
    name: 'a value that is not in a list',
    schema: kinds,
    value: { kind: 'sf' },
    gives: { names: ['kind'], shown: '"sf"', rule: 'must be one of pf, vf' },
  },
  {
    name: 'a pattern, as its schema describes it',
    schema: device,
    value: { slot: 'x' },
    gives: { names: ['slot'], rule: 'must be a slot such as 1f' },
  },
  {
    name: 'the value of a free key, not the key',
    schema: Type.Object({ labels: Type.Object({}, { additionalProperties: Type.Integer() }) }),
    value: { labels: { a: 'x' } },
    gives: { names: ['labels', 'a'], keys: [], shown: '"x"', rule: 'must be integer' },
  },
  {
    name: 'an absent value',
    schema: named,
    value: undefined,
    gives: { names: [], keys: [], shown: 'nothing', rule: 'must be object' },
  },
])('$name', ({ schema, value, gives }) => {
  expect(fault(schema, value)).toMatchObject(gives);
});

test('unknown keys are named up to the validator’s limit', () => {
  const many = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`k${at}`, at]));
  const { names, keys } = fault(named, { port: many });
  expect(names).toEqual(['port']);
  expect(keys.slice(0, 3)).toEqual(['k0', 'k1', 'k2']);
});

test('a phrasing gets the keys that the object may have', () => {
  const unknownKeys = (keys: readonly string[], known: readonly string[]) =>
    `${keys.join()} of ${known.join()}`;
  expect(fault(named, { port: { nmae: 'a' } }, { unknownKeys }).rule).toBe('nmae of name');
});

test('a message shows no secret, and at most a limited part of a value', () => {
  const user = Type.Object({ password: Type.String(), age: Type.Optional(Type.Integer()) });
  const whole = Type.Object({ user: Type.Union([user, Type.Null()]) });
  expect(fault(user, { password: 7 }).shown).toBe('***');
  expect(fault(whole, { user: { password: 7 } }).shown).toBe('***');
  expect(fault(whole, { user: [{ password: 7 }] }).shown).toBe('[{"password":"***"}]');
  expect(fault(user, { password: 'p', age: 'old'.repeat(9) }, { valueLength: 9 }).shown).toBe(
    '"oldol...',
  );
});

test('an inherited property of the object is not a field', () => {
  expect(fault(named, { port: { toString: 1 } })).toMatchObject({ keys: ['toString'] });
});
