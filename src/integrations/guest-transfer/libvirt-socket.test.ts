/** Which socket of libvirt is used. */
import { expect, test } from 'vitest';
import { libvirtSocketOf } from './libvirt-socket.ts';

const [libvirtd, virtqemud] = ['/run/libvirt/libvirt-sock', '/run/libvirt/virtqemud-sock'];

test.each([
  ['qemu:///system?socket=/run/x', [libvirtd], '/run/x'],
  ['qemu:///system', [libvirtd, virtqemud], libvirtd],
  ['qemu:///system', [virtqemud], virtqemud],
  ['qemu:///system', [], libvirtd],
])('%s with %j → %s', (uri, there, expected) => {
  expect(libvirtSocketOf(uri, (path) => there.includes(path))).toBe(expected);
});
