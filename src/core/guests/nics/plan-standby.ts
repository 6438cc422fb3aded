/** The virtual NIC that stands in for a VF while that is away. */
import { requestsFailover } from '../../networking/failover.ts';
import { deviceName } from '../../networking/vif-of.ts';
import type { Vif } from '../../networking/vif.ts';
import { vnicTraits } from '../../networking/vnic-types.ts';
import { refuse, type Verdict } from '../../reason.ts';
import type { BridgeNic } from '../description/guest.ts';
import { type NicOptions, planBandwidth, planFrontend } from './nic-frontend.ts';

/**
 * On the bridge that a normal port of the same network has on its host, which the agent joins to
 * the host's interface of the physical network. `vlan`: the VF's. Absent where neither port nor
 * flavor requests it. The guest's driver pairs the two NICs by their MAC, and only virtio has that.
 * Source: Linux `Documentation/networking/net_failover.rst`.
 */
export function planStandby(
  vif: Vif,
  vlan: number | null,
  options: NicOptions,
): Verdict<{ standby?: BridgeNic }> {
  if (!vnicTraits(vif.vnicType).mayFailOver || !requestsFailover(vif, options.extraSpecs)) {
    return { ok: true };
  }
  const physicalNetwork = vif.profile['physical_network'];
  if (typeof physicalNetwork !== 'string') {
    return refuse(
      'missing-detail',
      `port ${vif.portId}: binding:profile lacks physical_network, by which its standby is connected`,
      { key: 'physical_network' },
    );
  }
  const imageProperties = { ...options.imageProperties, hw_vif_model: 'virtio' };
  const emulated = planFrontend({ ...options, imageProperties });
  if (!emulated.ok) return emulated;
  return {
    ok: true,
    standby: {
      portId: vif.portId,
      macAddress: vif.macAddress,
      mtu: vif.network.mtu,
      bandwidth: planBandwidth(options.extraSpecs),
      kind: 'bridge',
      bridge: deviceName('brq', vif.network.id),
      devName: vif.devName,
      wiring: { physicalNetwork, vlan: vlan === 0 ? null : vlan },
      frontend: emulated.frontend,
    },
  };
}
