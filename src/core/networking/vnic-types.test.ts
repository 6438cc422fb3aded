import { expect, test } from 'vitest';
import { type VnicType, vnicRefusal, vnicTraits, vnicTypes } from './vnic-types.ts';

const accepted = vnicTypes.filter((each) => vnicRefusal(each) === undefined);

test('these vnic types are accepted', () => {
  const plain = ['normal', 'direct', 'macvtap', 'direct-physical'];
  expect(accepted).toEqual([...plain, 'virtio-forwarder', 'vdpa', 'remote-managed']);
});

test('only ports that a driver of its own or a DPU binds have an unknown binder', () => {
  const unknown = accepted.filter((each) => vnicTraits(each).agent === 'unknown');
  expect(unknown).toEqual(['virtio-forwarder', 'remote-managed']);
});

test('a guest gets a PCI function only where a request claims one', () => {
  const whole = accepted.filter((each) => ['vf', 'pf'].includes(vnicTraits(each).guestGets));
  expect(whole.map((each) => vnicTraits(each).device)).toEqual(['VF', 'PF', 'VF']);
});

test('a refusal names the rule and what to use instead', () => {
  expect(vnicRefusal('smart-nic')).toBe(
    'which is not supported; use normal, direct, macvtap, direct-physical, virtio-forwarder, vdpa ' +
      'or remote-managed (smart-nic: it is for machines of a bare metal service, not for guests)',
  );
});

test('a vnic type that only newer network services have is refused', () => {
  expect(vnicRefusal('toString' as VnicType)).toContain('(toString: the type is not known here)');
});
