/** Checks that libvirt lists the devices that the host offers. */
import type { PciFunction } from '../pci/devices/device.ts';
import { type HostCheck, report } from './host-check.ts';
import type { HostProblem } from './host-problem.ts';
import type { NodeDeviceFacts } from './host-facts.ts';

/**
 * One row, and none where nothing is offered. Example: `libvirt does not know 0000:01:10.0: it is
 * offered to no guest`.
 */
export function checkNodeDevices(
  facts: NodeDeviceFacts,
  offered: readonly PciFunction[],
): HostCheck[] {
  if (offered.length === 0) return [];
  const row = report('Node devices', 'node-devices');
  if (facts.state === 'unlisted') {
    return [
      row.warn(
        `libvirt cannot list them, so devices are known from sysfs alone: ${facts.why}`,
        "install libvirt's node device driver (Debian 13: libvirt-daemon-driver-nodedev), and start virtnodedevd where libvirt has a daemon for each driver",
      ),
    ];
  }
  const unknown = offered.filter(({ address }) => !facts.known.has(address));
  const [first, ...others] = unknown;
  if (first === undefined) return [row.ok(`libvirt knows all ${offered.length} offered devices`)];
  const found =
    others.length === 0
      ? `libvirt does not know ${first.address}: it is offered to no guest`
      : `libvirt does not know ${first.address} and ${others.length} more: they are offered to no guest`;
  return [
    row.fail(
      found,
      'virsh nodedev-list --cap pci shows what it knows; udevadm trigger --subsystem-match=pci, then systemctl restart libvirtd (or virtnodedevd)',
    ),
  ];
}

/** What the agent reports of it: every row that is not ok; none blocks servers. */
export function nodeDeviceProblems(
  facts: NodeDeviceFacts,
  offered: readonly PciFunction[],
): HostProblem[] {
  return checkNodeDevices(facts, offered)
    .filter(({ level }) => level !== 'ok')
    .map(({ code, name, found }) => ({ code, message: `${name}: ${found}`, blocks: 'none' }));
}
