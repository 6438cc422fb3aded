import { expect, test } from 'vitest';
import { type VnicType, vnicRefusal, vnicTraits, vnicTypes } from './vnic-types.ts';

const accepted = vnicTypes.filter((each) => vnicRefusal(each) === undefined);

test('servers can have ports of four types', () => {
  expect(accepted).toEqual(['normal', 'direct', 'macvtap', 'direct-physical']);
});

test('who binds a port that a server can have is known', () => {
  expect(accepted.filter((each) => vnicTraits(each).agent === 'unknown')).toEqual([]);
});

test('a guest gets a function only where a request takes one', () => {
  const whole = accepted.filter((each) => ['vf', 'pf'].includes(vnicTraits(each).guestGets));
  expect(whole.map((each) => vnicTraits(each).device)).toEqual(['VF', 'PF']);
});

test('a refusal names the rule and what to use', () => {
  expect(vnicRefusal('vdpa')).toBe(
    'which is not supported; use normal, direct, macvtap or direct-physical ' +
      '(vdpa: no host prepares vDPA devices for guests)',
  );
});

test('a type that only a newer network service knows is refused', () => {
  expect(vnicRefusal('toString' as VnicType)).toContain('(toString: the type is not known here)');
});
