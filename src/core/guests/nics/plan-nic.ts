/**
 * From a bound NIC to its definition for the hypervisor: one function per VIF type. Independent of
 * XML and host interfaces.
 */
import { deviceName } from '../../networking/vif-of.ts';
import type { Vif } from '../../networking/vif.ts';
import { type VnicTraits, type VnicType, vnicTraits } from '../../networking/vnic-types.ts';
import { type PciAddress, tryParsePciAddress } from '../../pci/devices/address.ts';
import { isTrue } from '../../pci/devices/boolean-text.ts';
import { portFailover } from '../../networking/failover.ts';
import { refuse, type Verdict } from '../../reason.ts';
import {
  type BridgeWiring,
  type GuestNic,
  type NicFrontend,
  standbyOf,
} from '../description/guest.ts';
import { vfRequest } from './vf-request.ts';
import { planStandby } from './plan-standby.ts';
import { type NicOptions, planBandwidth, planFrontend, planNoFrontend } from './nic-frontend.ts';

type Planned = Verdict<{ nic: GuestNic }>;

interface NicPlan {
  vif: Vif;
  options: NicOptions;
  frontend: NicFrontend;
  identity: { portId: string; macAddress: string; mtu: null; bandwidth: null };
  bandwidth: ReturnType<typeof planBandwidth>;
}

/**
 * This NIC's definition for the hypervisor. Refuses, naming the port and the key, when the binding
 * lacks something. Example: vnic direct, vif_type hw_veb → `{ kind: 'hostdev', address:
 * '0000:01:10.0', vlan: 42 }`. Source: the seed, "VIF types"; Nova
 * `LibvirtGenericVIFDriver.get_config`.
 */
export function planGuestNic(vif: Vif, options: NicOptions): Planned {
  if (vif.vifType === '') {
    return refuse('missing-vif-type', `port ${vif.portId}: the binding has no binding:vif_type`);
  }
  const planner = Object.hasOwn(planners, vif.vifType) ? planners[vif.vifType] : undefined;
  if (planner === undefined) {
    return refuse(
      'unexpected-vif-type',
      `port ${vif.portId}: binding:vif_type "${vif.vifType}" is not supported by this host ` +
        `(supported: ${Object.keys(planners).join(', ')})`,
      { vifType: vif.vifType },
    );
  }
  const emulated = isWholeDevice(vif.vnicType) ? planNoFrontend(options) : planFrontend(options);
  if (!emulated.ok) return emulated;
  const verdict = planner({
    vif,
    options,
    frontend: emulated.frontend,
    identity: { portId: vif.portId, macAddress: vif.macAddress, mtu: null, bandwidth: null },
    bandwidth: planBandwidth(options.extraSpecs),
  });
  if (!verdict.ok || portFailover(vif) !== true || standbyOf(verdict.nic) !== undefined) {
    return verdict;
  }
  return refuse(
    'no-failover',
    `port ${vif.portId}: binding:profile sriov_failover is true, which requires binding:vnic_type ` +
      `direct and binding:vif_type hw_veb (they are ${vif.vnicType} and ${vif.vifType})`,
  );
}

/**
 * Is the guest's NIC the device itself, without emulation? Source: Nova
 * `VNIC_TYPES_DIRECT_PASSTHROUGH`.
 */
function isWholeDevice(vnicType: VnicType): boolean {
  return ['vf', 'pf', 'vdpa'].includes(vnicTraits(vnicType).guestGets);
}

function guestGets({ vnicType }: Vif): VnicTraits['guestGets'] {
  return vnicTraits(vnicType).guestGets;
}

const planners: Record<string, (plan: NicPlan) => Planned> = {
  hw_veb: planHwVeb,
  '802.1qbh': planQbh,
  '802.1qbg': planQbg,
  hostdev_physical: planPhysical,
  ib_hostdev: planPhysical,
  macvtap: planInterfaceMacvtap,
  ovs: planOvs,
  agilio_ovs: planAgilioOvs,
  vrouter: planVrouter,
  bridge: planBridge,
  ivs: planIvs,
  tap: planTap,
  iovisor: planIovisor,
  midonet: planMidonet,
  vhostuser: planVhostUser,
};

/** The VF's own switch handles the VLAN. */
function planHwVeb(plan: NicPlan): Planned {
  const { vif } = plan;
  const slot = pciSlot(vif);
  if (!slot.ok) return slot;
  if (!('vlan' in vif.details)) return missing(vif, 'binding:vif_details', 'vlan');
  const vlan = vlanTag(vif);
  if (!vlan.ok) return vlan;
  const standby = planStandby(vif, vlan.tag, plan.options);
  if (!standby.ok) return standby;
  const limited = { ...plan.identity, bandwidth: plan.bandwidth };
  const vf = vfRequest(plan);
  const place = {
    address: slot.address,
    vlan: vlan.tag,
    portProfileId: null,
    ...(vf !== null && { vf }),
  };
  return planned(
    guestGets(vif) === 'vf'
      ? {
          ...limited,
          ...place,
          kind: 'hostdev',
          trusted: trust(vif),
          ...(standby.standby !== undefined && { standby: standby.standby }),
        }
      : { ...limited, ...place, kind: 'macvtap', frontend: plan.frontend },
  );
}

/** `trusted` is text. Source: Nova `plug_hw_veb`. */
function trust(vif: Vif): boolean | null {
  const { trusted } = vif.profile;
  if (trusted === undefined || !vnicTraits(vif.vnicType).mayBeTrusted) return null;
  return isTrue(typeof trusted === 'string' ? trusted : String(trusted === true));
}

/**
 * The external switch handles the VLAN, named by a port profile; libvirt refuses a VLAN beside it.
 */
function planQbh(plan: NicPlan): Planned {
  const { vif } = plan;
  const slot = pciSlot(vif);
  if (!slot.ok) return slot;
  const portProfileId = vif.details['profileid'];
  if (typeof portProfileId !== 'string') return missing(vif, 'binding:vif_details', 'profileid');
  const limited = { ...plan.identity, bandwidth: plan.bandwidth };
  const place = { address: slot.address, vlan: null, portProfileId };
  return planned(
    guestGets(vif) === 'vf'
      ? { ...limited, ...place, kind: 'hostdev', trusted: null }
      : { ...limited, ...place, kind: 'macvtap', frontend: plan.frontend },
  );
}

function planQbg(plan: NicPlan): Planned {
  const { vif, identity, bandwidth, frontend } = plan;
  if (vif.qbg === undefined) return missing(vif, 'the VIF', 'qbg parameters');
  return planned({ ...identity, bandwidth, ...vif.qbg, kind: 'qbg', frontend });
}

function planPhysical(plan: NicPlan): Planned {
  const slot = pciSlot(plan.vif);
  if (!slot.ok) return slot;
  return planned({ ...plan.identity, kind: 'hostdev-physical', address: slot.address });
}

/** A macvtap over an interface of the host that a network agent made. */
function planInterfaceMacvtap(plan: NicPlan): Planned {
  const { vif, identity, bandwidth, frontend } = plan;
  for (const key of ['macvtap_source', 'macvtap_mode', 'physical_interface']) {
    if (typeof vif.details[key] !== 'string') return missing(vif, 'binding:vif_details', key);
  }
  return planned({
    ...identity,
    bandwidth,
    kind: 'interface-macvtap',
    interface: String(vif.details['macvtap_source']),
    mode: String(vif.details['macvtap_mode']),
    frontend: { ...frontend, model: 'virtio' },
  });
}

function planOvs(plan: NicPlan): Planned {
  const { vif, identity, bandwidth, frontend } = plan;
  if (guestGets(vif) === 'vf') return planOffloaded(plan);
  if (guestGets(vif) === 'vdpa') {
    const slot = pciSlot(vif);
    return slot.ok ? planned({ ...identity, kind: 'vdpa', address: slot.address }) : slot;
  }
  const virtual = { ...identity, mtu: vif.network.mtu, bandwidth, devName: vif.devName, frontend };
  if (vif.details['ovs_hybrid_plug'] === true) {
    const bridge = deviceName('qbr', vif.portId);
    return planned({ ...virtual, kind: 'bridge', bridge, wiring: null });
  }
  const { bridge } = vif.network;
  if (bridge === null) return missing(vif, 'binding:vif_details', 'bridge_name');
  const interfaceId = vif.portId;
  if (vif.details['ovs_create_tap'] === true) {
    return planned({ ...virtual, kind: 'tap', madeByUs: true, ovs: { bridge, interfaceId } });
  }
  return planned({ ...virtual, kind: 'ovs', bridge, interfaceId });
}

/**
 * A VF whose traffic its switch steers by flows, through the VF's representor: no VLAN on the VF.
 */
function planOffloaded(plan: NicPlan): Planned {
  const slot = pciSlot(plan.vif);
  if (!slot.ok) return slot;
  return planned({
    ...plan.identity,
    kind: 'hostdev',
    address: slot.address,
    vlan: null,
    portProfileId: null,
    trusted: null,
  });
}

function planAgilioOvs(plan: NicPlan): Planned {
  return guestGets(plan.vif) === 'forwarded' ? planForwarded(plan) : planOvs(plan);
}

function planVrouter(plan: NicPlan): Planned {
  const { vnicType, portId } = plan.vif;
  const gets = guestGets(plan.vif);
  if (gets === 'virtual') return planGeneric(plan);
  if (gets === 'vf') return planOffloaded(plan);
  if (gets === 'forwarded') return planForwarded(plan);
  return refuse(
    'unexpected-vnic-type',
    `port ${portId}: vif_type vrouter has no NIC of vnic type ${vnicType}`,
  );
}

/** A vhost-user NIC in front of a VF: the VF must be known although the guest does not get it. */
function planForwarded(plan: NicPlan): Planned {
  const slot = pciSlot(plan.vif);
  return slot.ok ? planVhostUser(plan) : slot;
}

function planBridge(plan: NicPlan): Planned {
  const { vif, identity, bandwidth, frontend } = plan;
  const { bridge } = vif.network;
  if (bridge === null) return missing(vif, 'binding:vif_details', 'bridge_name');
  const mtu = vif.network.mtu;
  return planned({
    ...identity,
    mtu,
    bandwidth,
    kind: 'bridge',
    bridge,
    devName: vif.devName,
    wiring: bridgeWiring(vif),
    frontend,
  });
}

/** The embedded network service names it; a network with an agent of its own does not. */
function bridgeWiring(vif: Vif): BridgeWiring | null {
  const wiring = vif.details['bridge_wiring'];
  if (typeof wiring !== 'object' || wiring === null) return null;
  const { physical_network: physicalNetwork, vlan } = wiring as Record<string, unknown>;
  return {
    physicalNetwork: typeof physicalNetwork === 'string' ? physicalNetwork : null,
    vlan: typeof vlan === 'number' ? vlan : null,
  };
}

function planIvs(plan: NicPlan): Planned {
  if (plan.vif.details['ovs_hybrid_plug'] !== true) return planGeneric(plan);
  const bridge = deviceName('qbr', plan.vif.portId);
  return planBridge({ ...plan, vif: { ...plan.vif, network: { ...plan.vif.network, bridge } } });
}

/** A tap that another component connects. */
function planGeneric(plan: NicPlan): Planned {
  const { vif, identity, bandwidth, frontend } = plan;
  const mtu = vif.network.mtu;
  return planned({
    ...identity,
    mtu,
    bandwidth,
    kind: 'tap',
    devName: vif.devName,
    madeByUs: false,
    frontend,
  });
}

function planTap(plan: NicPlan): Planned {
  const { vif, identity, frontend } = plan;
  // An MTU of 0 means "unknown" here, as it does for Neutron.
  const mtu = vif.network.mtu === 0 ? null : vif.network.mtu;
  return planned({ ...identity, mtu, kind: 'tap', devName: vif.devName, madeByUs: true, frontend });
}

function planIovisor(plan: NicPlan): Planned {
  const { vif, identity, bandwidth, frontend } = plan;
  return planned({
    ...identity,
    bandwidth,
    kind: 'tap',
    devName: vif.devName,
    madeByUs: false,
    frontend,
  });
}

function planMidonet(plan: NicPlan): Planned {
  return planIovisor({ ...plan, bandwidth: null });
}

function planVhostUser(plan: NicPlan): Planned {
  const { vif, identity, frontend } = plan;
  const socket = vif.details['vhostuser_socket'];
  if (typeof socket !== 'string' || socket === '') {
    return missing(vif, 'binding:vif_details', 'vhostuser_socket');
  }
  const devName =
    vif.vifType === 'vhostuser' &&
    vif.details['vhostuser_ovs_plug'] === true &&
    vif.details['vhostuser_fp_plug'] !== true
      ? deviceName('vhu', vif.portId)
      : vif.devName;
  const mode = vif.details['vhostuser_mode'] === 'client' ? 'client' : 'server';
  return planned({ ...identity, kind: 'vhostuser', socket, mode, devName, frontend });
}

function planned(nic: GuestNic): Planned {
  return { ok: true, nic };
}

function missing(vif: Vif, where: string, key: string): { ok: false } & Planned {
  return refuse('missing-detail', `port ${vif.portId}: ${where} lacks ${key}`, { key });
}

function pciSlot(vif: Vif): Verdict<{ address: PciAddress }> {
  const text = vif.profile['pci_slot'];
  if (typeof text !== 'string') return missing(vif, 'binding:profile', 'pci_slot');
  const address = tryParsePciAddress(text);
  if (address !== undefined) return { ok: true, address };
  return refuse(
    'bad-pci-slot',
    `port ${vif.portId}: binding:profile pci_slot "${text}" is not a PCI address (expected e.g. 0000:81:00.2)`,
  );
}

/**
 * The VF's VLAN tag. The text "0" (a flat network) is a tag too: it clears the previous one.
 * Source: Nova `LibvirtConfigGuestInterface`.
 */
function vlanTag(vif: Vif): Verdict<{ tag: number | null }> {
  const value = vif.details['vlan'];
  if (value === null || value === '' || value === 0) return { ok: true, tag: null };
  const tag = Number(value);
  if (Number.isInteger(tag) && tag >= 0 && tag <= 4094) return { ok: true, tag };
  return refuse(
    'bad-vlan',
    `port ${vif.portId}: binding:vif_details vlan ${JSON.stringify(value)} must be a whole number from 0 to 4094`,
  );
}
