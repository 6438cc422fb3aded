/** Updates a NIC after its port was changed in the network service. */
import { canonicalText } from '../canonical-text.ts';
import { isSame } from '../is-same.ts';
import type { Network, Port, VifDetails } from './port.ts';
import { vifOf } from './vif-of.ts';
import type { Vif } from './vif.ts';

/** The properties of a port that a NIC follows. */
type Followed = Pick<Port, 'macAddress' | 'fixedIps' | 'vifDetails'>;

/** Has the port another MAC, other addresses or other settings for its VF than the NIC's row? */
export function hasMoved(vif: Vif, port: Followed): boolean {
  const of = ({ macAddress, fixedIps }: Pick<Followed, 'macAddress' | 'fixedIps'>) =>
    canonicalText([macAddress, fixedIps]);
  return of(vif) !== of(port) || hasOtherSettings(vif, port.vifDetails);
}

/**
 * Are the settings of its VF, which only a network service without a NIC agent reports, different
 * now? Example: port security was switched off → spoof check off.
 */
export function hasOtherSettings(vif: Pick<Vif, 'details'>, details: VifDetails): boolean {
  const { vf_settings: now } = details;
  return now !== undefined && !isSame(now, vif.details['vf_settings']);
}

/**
 * The NIC with MAC, addresses, network names and VF settings of its port now. The binding is
 * unchanged. Example: a port that got the address 10.0.0.9 → the same VIF with that address and the
 * subnet it is in.
 */
export function followPort(vif: Vif, port: Port, network: Network): Vif {
  const now = vifOf(port, network, vif.tag);
  const { vf_settings: settings } = port.vifDetails;
  return {
    ...vif,
    ...(settings !== undefined && { details: { ...vif.details, vf_settings: settings } }),
    macAddress: now.macAddress,
    fixedIps: now.fixedIps,
    network: { ...now.network, bridge: vif.network.bridge },
  };
}
