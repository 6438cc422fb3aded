/**
 * The settings of a PF's VFs from `ip -json -details link show dev PF`. Source: iproute2
 * `print_vfinfo`; recorded output of igb.
 */
import { untouchedVf, type VfLinkState, type VfSettings } from '#core/pci/vf/vf-settings.ts';

interface VfInfo {
  vf?: number;
  address?: string;
  vlan_list?: { vlan?: number; qos?: number }[];
  /** Of iproute2 versions without lists. */
  vlan?: number;
  qos?: number;
  rate?: { max_tx?: number; min_tx?: number };
  spoofchk?: boolean;
  link_state?: string;
  trust?: boolean;
}

/**
 * The settings of one VF, or undefined when the PF does not list it. Values missing from the list
 * are the drivers' defaults. Throws an Error when the text is not such a listing.
 */
export function vfSettingsIn(listing: string, vfNum: number): VfSettings | undefined {
  const [link] = JSON.parse(listing) as { vfinfo_list?: VfInfo[] }[];
  const info = link?.vfinfo_list?.find(({ vf }) => vf === vfNum);
  if (info === undefined) return undefined;
  const { vlan, qos } = info.vlan_list?.[0] ?? info;
  return {
    macAddress: info.address ?? untouchedVf.macAddress,
    vlan: vlan ?? untouchedVf.vlan,
    qos: qos ?? untouchedVf.qos,
    spoofCheck: info.spoofchk ?? untouchedVf.spoofCheck,
    trust: info.trust ?? untouchedVf.trust,
    linkState: linkStates.find((state) => state === info.link_state) ?? untouchedVf.linkState,
    minTxRateMbps: info.rate?.min_tx ?? untouchedVf.minTxRateMbps,
    maxTxRateMbps: info.rate?.max_tx ?? untouchedVf.maxTxRateMbps,
  };
}

const linkStates: VfLinkState[] = ['auto', 'enable', 'disable'];
