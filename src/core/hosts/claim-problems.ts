/** Conflicts between a host's report and the devices that servers hold there. */
import { isSame } from '../is-same.ts';
import type { PciDevice } from '../pci/devices/device.ts';
import { presentPlaceOf, replacement } from '../pci/devices/device-identity.ts';
import type { HostProblem } from './host-problem.ts';

const codes = ['device-replaced', 'device-retagged'];

/**
 * The problems of a host with those of its claims, from the current `devices`: those about devices
 * since released are dropped.
 */
export function withClaimProblems(
  problems: readonly HostProblem[],
  devices: readonly PciDevice[],
): HostProblem[] {
  return [...problems.filter(({ code }) => !codes.includes(code)), ...claimProblems(devices)];
}

/**
 * Held devices that are other devices now, and those whose new tags apply only after release. None
 * blocks servers from the host: such devices are not offered.
 */
export function claimProblems(devices: readonly PciDevice[]): HostProblem[] {
  return devices.flatMap((device): HostProblem[] => {
    const { address, serverId, tags, found, status } = device;
    if (serverId === null) return [];
    const holder = `server ${serverId}`;
    const other = replacement(device);
    if (other !== undefined || status === 'missing') {
      // Only here: it searches all devices of the host.
      const place = presentPlaceOf(device, devices);
      const isAt = place === undefined ? '' : `it is at ${place} now; `;
      const fate = `${holder} holds it and does not start: put the card back, or delete the server`;
      const what = other ?? (place && `PCI device ${address} is in another place`);
      if (what === undefined) return [];
      const message = other === undefined ? `${what}: ${isAt}${fate}` : `${what}; ${isAt}${fate}`;
      return [{ code: 'device-replaced', message, blocks: 'none' }];
    }
    if (found === undefined) return [];
    const changes = Object.keys({ ...tags, ...found.tags })
      .filter((name) => !isSame(tags[name] ?? null, found.tags[name] ?? null))
      .map((name) => `${name} ${tags[name] ?? 'unset'} → ${found.tags[name] ?? 'unset'}`);
    const message = `PCI device ${address}: ${changes.join(', ')}: not before ${holder} releases it`;
    return [{ code: 'device-retagged', message, blocks: 'none' }];
  });
}
