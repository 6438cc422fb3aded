/**
 * The current state of a VF on its host: what the PF's driver keeps of it, and its own interface.
 */
import { noMac, type VfChange, type VfSettings } from './vf-settings.ts';

/** The network interface that the VF's own driver made. */
export interface VfInterface {
  ifname: string;
  macAddress: string;
  /**
   * The driver got its MAC from the PF, where an administrator had set it; else it has made one up,
   * or a user of the VF has set it.
   */
  isMacGiven: boolean;
  isUp: boolean;
}

export interface VfState {
  settings: VfSettings;
  /** null: no driver is bound, or one that makes no interface. */
  own: VfInterface | null;
}

/** What to restore once the VF is released. */
export interface VfBaseline {
  /** `macAddress` only if an administrator has set it. */
  settings: VfSettings;
  ownMacAddress: string | null;
  isUp: boolean;
}

/**
 * What to remember of a VF before it is handed over. A PF also lists the MAC that a VF's own driver
 * chose; written back, that would become an administrator's, which the VF may no longer change:
 * such a MAC is remembered as not set. Source: Linux `igb_ndo_set_vf_mac`.
 */
export function vfBaseline({ settings, own }: VfState): VfBaseline {
  const isOwnChoice = own !== null && own.macAddress === settings.macAddress && !own.isMacGiven;
  return {
    settings: isOwnChoice ? { ...settings, macAddress: noMac } : settings,
    ownMacAddress: own?.macAddress ?? null,
    isUp: own?.isUp ?? false,
  };
}

/**
 * The change that brings back the baseline. Traces of the guest's MAC cannot be detected (libvirt
 * writes back what it found as an administrator's MAC), so a MAC that was not set is always
 * cleared.
 */
export function changeToBaseline(baseline: VfBaseline, { settings }: VfState): VfChange {
  const differing = Object.entries(baseline.settings).filter(
    ([name, value]) => settings[name as keyof VfSettings] !== value,
  );
  const change: VfChange = Object.fromEntries(differing);
  return baseline.settings.macAddress === noMac ? { ...change, macAddress: noMac } : change;
}

/**
 * The differences from the baseline as text; empty when the VF is clean. Where no MAC was set the
 * PF may list none or the VF's own, but never the guest's. Example: `VLAN 42 is set, no VLAN was`.
 */
export function baselineDifferences(
  baseline: VfBaseline,
  now: VfState,
  guestMacAddress: string | null,
): string[] {
  const differences: string[] = [];
  const { macAddress, ...others } = baseline.settings;
  const listed = now.settings.macAddress;
  const isOwn = listed === now.own?.macAddress && listed !== guestMacAddress;
  if (listed !== macAddress && !(macAddress === noMac && isOwn)) {
    differences.push(`MAC is ${listed}, was ${macAddress === noMac ? 'not set' : macAddress}`);
  }
  for (const [name, was] of Object.entries(others)) {
    const is = now.settings[name as keyof VfSettings];
    if (is !== was)
      differences.push(`${settingNames[name] ?? name} is ${valueText(is)}, was ${valueText(was)}`);
  }
  const ownMac = now.own?.macAddress;
  if (ownMac !== undefined && ownMac === guestMacAddress && ownMac !== baseline.ownMacAddress) {
    differences.push(`its interface ${now.own?.ifname} still has the guest's MAC ${ownMac}`);
  }
  return differences;
}

const settingNames: Record<string, string> = {
  vlan: 'VLAN',
  qos: 'VLAN priority',
  spoofCheck: 'spoof check',
  linkState: 'link state',
  minTxRateMbps: 'minimum rate',
  maxTxRateMbps: 'rate limit',
};

function valueText(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return String(value);
}
