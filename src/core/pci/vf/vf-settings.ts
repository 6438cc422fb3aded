/**
 * What a PF's driver keeps of each of its VFs: the settings that an administrator makes through the
 * PF. Source: ip-link(8), `vf NUM …`.
 */

export type VfLinkState = 'auto' | 'enable' | 'disable';

export interface VfSettings {
  /** `noMac`: none set. */
  macAddress: string;
  /** 0: untagged. */
  vlan: number;
  qos: number;
  spoofCheck: boolean;
  trust: boolean;
  linkState: VfLinkState;
  /** Megabits a second; 0: no limit. */
  minTxRateMbps: number;
  maxTxRateMbps: number;
}

export type VfSettingName = keyof VfSettings;

/** Absent settings are left unchanged. */
export type VfChange = Partial<VfSettings>;

/** The VF settings that a port requests beyond MAC, VLAN and trust. */
export type VfRequest = Pick<VfChange, 'spoofCheck' | 'linkState' | 'maxTxRateMbps'>;

/** MAC that means "none set" to the kernel. Source: ip-link(8). */
export const noMac = '00:00:00:00:00:00';

/** A driver's defaults for a VF. */
export const untouchedVf: VfSettings = {
  macAddress: noMac,
  vlan: 0,
  qos: 0,
  spoofCheck: true,
  trust: false,
  linkState: 'auto',
  minTxRateMbps: 0,
  maxTxRateMbps: 0,
};

/**
 * The wanted settings that differ from the present ones: no NIC is set to what it has already.
 * Example: vlan 0, spoof check on → wanted vlan 42, spoof check on → `{ vlan: 42 }`.
 */
export function changeTowards(now: VfSettings, wanted: VfChange): VfChange {
  const differing = Object.entries(wanted).filter(
    ([name, value]) => now[name as VfSettingName] !== value,
  );
  return Object.fromEntries(differing);
}

/**
 * The same, with the VLAN's priority: the kernel sets both together, and resets one that is
 * omitted.
 */
export function completeChange(now: VfSettings, change: VfChange): VfChange {
  if (change.vlan === undefined && change.qos === undefined) return change;
  return { ...change, vlan: change.vlan ?? now.vlan, qos: change.qos ?? 0 };
}

/** Text of each setting in messages and plans. */
const texts: { [Name in VfSettingName]: (value: VfSettings[Name]) => string } = {
  macAddress: (mac) => (mac === noMac ? 'no MAC' : `MAC ${mac}`),
  vlan: (vlan) => (vlan === 0 ? 'no VLAN' : `VLAN ${vlan}`),
  qos: (qos) => `VLAN priority ${qos}`,
  spoofCheck: (on) => `spoof check ${on ? 'on' : 'off'}`,
  trust: (on) => `trust ${on ? 'on' : 'off'}`,
  linkState: (state) => `link state ${state}`,
  minTxRateMbps: (rate) => (rate === 0 ? 'no minimum rate' : `minimum rate ${rate} Mbit/s`),
  maxTxRateMbps: (rate) => (rate === 0 ? 'no rate limit' : `rate limit ${rate} Mbit/s`),
};

/** One line. Example: `{ macAddress: 'fa:16:…', vlan: 42 }` → `MAC fa:16:…, VLAN 42`. */
export function printVfChange(change: VfChange): string {
  return Object.entries(change)
    .map(([name, value]) => (texts[name as VfSettingName] as (value: unknown) => string)(value))
    .join(', ');
}
