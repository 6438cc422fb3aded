/** A NIC follows what its port has become while nobody here changed it. */
import { canonicalText } from '../canonical-text.ts';
import type { Network, Port } from './port.ts';
import { vifOf } from './vif-of.ts';
import type { Vif } from './vif.ts';

/** Has the port another MAC or other addresses than the NIC's row? */
export function hasMoved(vif: Vif, port: Pick<Port, 'macAddress' | 'fixedIps'>): boolean {
  const of = ({ macAddress, fixedIps }: Pick<Port, 'macAddress' | 'fixedIps'>) =>
    canonicalText([macAddress, fixedIps]);
  return of(vif) !== of(port);
}

/**
 * The NIC with MAC, addresses and network names of its port now. How it is bound stays as the host has it. Example: a port that got the address
 * 10.0.0.9 → the same VIF with that address and the subnet it is in.
 */
export function followPort(vif: Vif, port: Port, network: Network): Vif {
  const now = vifOf(port, network, vif.tag);
  return {
    ...vif,
    macAddress: now.macAddress,
    fixedIps: now.fixedIps,
    network: { ...now.network, bridge: vif.network.bridge },
  };
}
