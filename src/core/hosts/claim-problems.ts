/** What is wrong between a host's report and the devices that servers hold there. */
import { canonicalText } from '../canonical-text.ts';
import type { PciDevice } from '../pci/device.ts';
import { replacement } from '../pci/device-identity.ts';
import type { HostProblem } from './host-problem.ts';

/**
 * Held devices that are other devices now, and those whose new tags wait until they are given back. None keeps anybody from the host: such
 * devices are offered to nobody.
 */
export function claimProblems(devices: readonly PciDevice[]): HostProblem[] {
  return devices.flatMap((device): HostProblem[] => {
    const { address, serverId, tags, found } = device;
    if (serverId === null || found === undefined) return [];
    const holder = `server ${serverId}`;
    const other = replacement(device);
    if (other !== undefined) {
      const message = `${other}; ${holder} holds it and does not start: put the card back, or delete the server`;
      return [{ code: 'device-replaced', message, blocks: 'none' }];
    }
    const changes = Object.keys({ ...tags, ...found.tags })
      .filter(
        (name) => canonicalText(tags[name] ?? null) !== canonicalText(found.tags[name] ?? null),
      )
      .map((name) => `${name} ${tags[name] ?? 'unset'} → ${found.tags[name] ?? 'unset'}`);
    const message = `PCI device ${address}: ${changes.join(', ')}: not before ${holder} gives it back`;
    return [{ code: 'device-retagged', message, blocks: 'none' }];
  });
}
