/** The settings of a VF as `ip link` commands. Source: ip-link(8). */
import type { VfChange, VfSettingName } from '#core/pci/vf/vf-settings.ts';

/** A VF's place in the kernel's terms. */
export interface VfPlace {
  /** Interface of its PF. */
  pfIfname: string;
  vfNum: number;
}

/** A command and the settings it applies. */
export interface VfCommand {
  command: string[];
  change: VfChange;
}

/**
 * One command per setting, so that a refusal names the refused one; VLAN and its priority are set
 * together. All drivers accept this order: some refuse a spoof check without a MAC, and all a
 * minimum rate above the maximum. Source: Linux `mlx4_set_vf_spoofchk`, `mlx4_set_vf_mac`. Example:
 * `{ macAddress: 'fa:16:…', vlan: 42, qos: 0 }` → `ip link set ens1f0 vf 0 mac fa:16:…`, `ip link
 * set ens1f0 vf 0 vlan 42 qos 0`.
 */
export function vfCommands(change: VfChange, { pfIfname, vfNum }: VfPlace): VfCommand[] {
  const throughPf = ['ip', 'link', 'set', pfIfname, 'vf', String(vfNum)];
  const { vlan, qos = 0, ...alone } = change;
  const commands = Object.entries(alone)
    .sort((one, other) => placeOf(one) - placeOf(other))
    .map(([name, value]) => ({
      command: [...throughPf, keywords[name as keyof typeof keywords], keywordOf(value)],
      change: { [name]: value },
    }));
  if (vlan === undefined) return commands;
  const tag = { command: [...throughPf, 'vlan', String(vlan), 'qos', String(qos)] };
  return [...commands, { ...tag, change: { vlan, ...(qos > 0 && { qos }) } }];
}

const keywords: Record<Exclude<VfSettingName, 'vlan' | 'qos'>, string> = {
  macAddress: 'mac',
  spoofCheck: 'spoofchk',
  trust: 'trust',
  linkState: 'state',
  minTxRateMbps: 'min_tx_rate',
  maxTxRateMbps: 'max_tx_rate',
};

/**
 * Spoof check off → MAC → the rest → spoof check on; a minimum rate of 0 before the maximum, any
 * other after it.
 */
function placeOf([name, value]: [string, string | number | boolean]): number {
  if (name === 'spoofCheck') return value === true ? 6 : 0;
  if (name === 'minTxRateMbps') return value === 0 ? 3 : 5;
  return { macAddress: 1, trust: 2, maxTxRateMbps: 4 }[name] ?? 2;
}

function keywordOf(value: string | number | boolean): string {
  if (typeof value === 'boolean') return value ? 'on' : 'off';
  return String(value);
}
