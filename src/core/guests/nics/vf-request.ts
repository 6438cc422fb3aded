/** What a bound port requires its host to set on the VF besides MAC and VLAN. */
import type { Vif } from '../../networking/vif.ts';
import type { VfLinkState, VfRequest } from '../../pci/vf/vf-settings.ts';
import type { NicRate } from '../description/guest.ts';

/**
 * The embedded network service sets it in `binding:vif_details`; Neutron does not, as its NIC agent
 * owns these settings: null then. Example: `{ vf_settings: { spoof_check: true, link_state: 'auto'
 * } }` → spoof check on, link state auto. A flavor that limits what its NICs send limits the VF
 * too: the kernel counts in Mbit/s, at least 1, the flavor in kB/s.
 */
export function vfRequest({
  vif,
  bandwidth,
}: {
  vif: Pick<Vif, 'details'>;
  bandwidth: { outbound: NicRate } | null;
}): VfRequest | null {
  const settings = vif.details['vf_settings'];
  if (typeof settings !== 'object' || settings === null) return null;
  const { spoof_check: spoofCheck, link_state: linkState } = settings as Record<string, unknown>;
  const maxTxRateMbps = rateInMbps(bandwidth?.outbound.average);
  return {
    ...(typeof spoofCheck === 'boolean' && { spoofCheck }),
    ...(isLinkState(linkState) && { linkState }),
    ...(maxTxRateMbps !== null && { maxTxRateMbps }),
  };
}

function isLinkState(value: unknown): value is VfLinkState {
  return value === 'auto' || value === 'enable' || value === 'disable';
}

/** Example: `'1000'` kB/s → 8 Mbit/s. Not a limit: null. */
function rateInMbps(average: string | undefined): number | null {
  const kilobytes = Number(average ?? '');
  if (!Number.isFinite(kilobytes) || kilobytes <= 0) return null;
  return Math.max(1, Math.ceil((kilobytes * 8) / 1000));
}
