import { expect, test } from 'vitest';
import { type VnicType, vnicRefusal, vnicTraits, vnicTypes } from './vnic-types.ts';

const accepted = vnicTypes.filter((each) => vnicRefusal(each) === undefined);

test('four vnic types are accepted', () => {
  expect(accepted).toEqual(['normal', 'direct', 'macvtap', 'direct-physical']);
});

test('the binder of every accepted vnic type is known', () => {
  expect(accepted.filter((each) => vnicTraits(each).agent === 'unknown')).toEqual([]);
});

test('a guest gets a PCI function only where a request claims one', () => {
  const whole = accepted.filter((each) => ['vf', 'pf'].includes(vnicTraits(each).guestGets));
  expect(whole.map((each) => vnicTraits(each).device)).toEqual(['VF', 'PF']);
});

test('a refusal names the rule and what to use instead', () => {
  expect(vnicRefusal('vdpa')).toBe(
    'which is not supported; use normal, direct, macvtap or direct-physical ' +
      '(vdpa: no host prepares vDPA devices for guests)',
  );
});

test('a vnic type that only newer network services have is refused', () => {
  expect(vnicRefusal('toString' as VnicType)).toContain('(toString: the type is not known here)');
});
