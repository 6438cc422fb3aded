/** The settings of a VF as `ip link` commands. Source: ip-link(8). */
import type { VfStep } from '#core/guests/step.ts';

/** Where a VF is, in the kernel's words. */
export interface VfPlace {
  /** Interface of its PF. */
  pfIfname: string;
  vfNum: number;
  /** Its own interface; null when it has none. */
  ifname: string | null;
}

/**
 * The command of one step, or undefined when there is nothing to set (a VF without an interface has no link).
 * Example: `ip link set ens1f0 vf 0 mac fa:16:3e:5b:10:01 vlan 100`.
 */
export function vfCommand(step: VfStep, place: VfPlace): string[] | undefined {
  const throughPf = ['ip', 'link', 'set', place.pfIfname, 'vf', String(place.vfNum)];
  if (step.do === 'set-vf') {
    return [...throughPf, 'mac', step.macAddress, 'vlan', String(step.vlan)];
  }
  if (step.do === 'set-vf-trust') return [...throughPf, 'trust', step.trusted ? 'on' : 'off'];
  if (place.ifname === null) return undefined;
  const state = step.up ? 'up' : 'down';
  return ['ip', 'link', 'set', place.ifname, 'address', step.macAddress, state];
}
