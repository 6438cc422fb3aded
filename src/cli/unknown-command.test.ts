import { expect, test } from 'vitest';
import { hintForUnknown } from './unknown-command.ts';

test.each([
  { typed: 'server list --long', says: 'Try: openstack server list --long' },
  { typed: 'keypair create k', says: 'Try: openstack keypair create k' },
  { typed: 'server show $(id)', says: 'Try: openstack server …' },
  { typed: 'boot x', says: 'Try: openstack server create …' },
  { typed: 'list', says: 'Try: openstack server list …' },
  { typed: 'pool', says: 'Try: novella pci pools' },
  { typed: 'hosts', says: 'Try: novella host list' },
])('novella $typed is answered with the command that was meant', ({ typed, says }) => {
  expect(hintForUnknown(typed.split(' '))).toContain(says);
});

test.each(['nosuch', 'constructor', ''])('nothing is known of "%s"', (word) => {
  expect(hintForUnknown([word])).toBeUndefined();
});
