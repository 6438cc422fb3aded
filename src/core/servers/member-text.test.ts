import { expect, test } from 'vitest';
import { memberText } from './member-text.ts';

const general = 'The host could not complete the request. An administrator can see the reason.';

test.each([
  [
    'No valid host was found. host-1: resources: disk: 37 GiB of 80 GiB free; host-2: alive: its agent does not report',
    'No valid host was found. There are not enough hosts available.',
  ],
  [
    'No valid host was found. There is no host.',
    'No valid host was found. There are not enough hosts available.',
  ],
  [
    'No host could start the server. host-1: image a1: host-1 reported it; host-2: libvirt is away',
    'No host could start the server.',
  ],
  [
    'Failed to claim PCI devices for instance a1 on host hv1: physnet2: 0 of 1 VF free',
    'Failed to claim PCI devices for instance a1.',
  ],
  [
    'Failed to bind a port for instance a1 on host hv1: no live NIC Switch agent serves physnet1',
    'Failed to bind a port for instance a1.',
  ],
  [
    'disk full: image a1 needs 5 MiB in /var/lib/novella, and 1 MiB must stay free; 2 MiB are free',
    general,
  ],
  ['image a1: its download was cut off: connect ECONNREFUSED 192.0.2.1:8774', general],
  ['image a1: cannot be read at /var/lib/novella/images', general],
  ['port p1 of host-1 is DOWN after 300 s', general],
  ['', general],
])('%s', (message, expected) => {
  expect(memberText(message)).toBe(expected);
});

test.each([
  'image a1 no longer exists',
  "image a1 has the unknown disk format 'odd'",
  'networks[0].uuid: no port can be made on network n1: the quota is full',
  'Port p1 could not be found.',
  'Port p1 is still in use.',
  'port p1: its binding:vnic_type was changed to normal while it was being bound',
  'image a1 is not a valid qcow2 image: it has a backing file',
  'image a1 is declared raw but is a qcow2 image: its disk_format must be qcow2',
  'image property hw_vif_model "odd": must be one of virtio, e1000',
  'The host of the server stopped reporting.',
])('the name of what the user supplied is kept: %s', (message) => {
  expect(memberText(message)).toBe(message);
});
