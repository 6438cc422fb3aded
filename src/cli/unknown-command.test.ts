import { expect, test } from 'vitest';
import { hintForUnknown } from './unknown-command.ts';

test.each([
  { typed: 'server list --long', message: 'Try: openstack server list --long' },
  { typed: 'keypair create k', message: 'Try: openstack keypair create k' },
  { typed: 'server show $(id)', message: 'Try: openstack server …' },
  { typed: 'boot x', message: 'Try: openstack server create …' },
  { typed: 'list', message: 'Try: openstack server list …' },
  { typed: 'pool', message: 'Try: novella pci pools' },
  { typed: 'hosts', message: 'Try: novella host list' },
])('novella $typed is answered with the probable command', ({ typed, message }) => {
  expect(hintForUnknown(typed.split(' '))).toContain(message);
});

test.each(['nosuch', 'constructor', ''])('there is no suggestion for "%s"', (word) => {
  expect(hintForUnknown([word])).toBeUndefined();
});
