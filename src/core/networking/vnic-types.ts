/**
 * `binding:vnic_type`: the kind of NIC the user requested. The only table of what each type means;
 * every decision by vnic type reads it. For what else a new type needs see
 * docs/checklists/add-a-vnic-type.md.
 */

import type { PciDeviceType } from '../pci/devices/device.ts';

/** What a vnic type means for scheduling, binding, wiring and the guest. */
export interface VnicTraits {
  /**
   * The PCI function its request takes by physical network; null: none. Source: Nova
   * `VNIC_TYPES_SRIOV`, `DEVICE_TYPE_FOR_VNIC_TYPE`.
   */
  device: 'VF' | 'PF' | 'vdpa' | null;
  /** Is something made over the device's own network interface, so that it must have one? */
  needsInterface: boolean;
  /**
   * Which agent binds and wires the port on its host: a virtual switch's; one whose switch steers
   * devices by flows; the SR-IOV NIC agent; `none`: bound without one, and not wired; `unknown`: a
   * driver of its own, or an agent elsewhere (on a DPU).
   */
  agent: 'switch' | 'offloading-switch' | 'nic-switch' | 'none' | 'unknown';
  /**
   * What the guest gets: a NIC of the hypervisor; one over a VF's interface; a vhost-user NIC of a
   * forwarder in front of a VF; the function itself; or `nothing`, if guests cannot have it.
   */
  guestGets: 'virtual' | 'over-vf' | 'forwarded' | 'vf' | 'vdpa' | 'pf' | 'nothing';
  /** May a switch on the card steer the VF's traffic by flows (capability `switchdev`)? */
  mayBeOffloaded: boolean;
  /** Is `trusted` of the binding profile set on the VF? Source: Nova `plug_hw_veb`. */
  mayBeTrusted: boolean;
  /** May a virtual NIC with the same MAC stand in for it? */
  mayFailOver: boolean;
  /** Does it require a device managed by a DPU? */
  isRemoteManaged: boolean;
  /** Why no server can have such a port; null: one can. */
  refusal: string | null;
}

/** What most types have in common. */
const plain = {
  needsInterface: false,
  mayBeOffloaded: false,
  mayBeTrusted: false,
  mayFailOver: false,
  isRemoteManaged: false,
  refusal: null,
} as const;

const bareMetal = 'it is for machines of a bare metal service, not for guests';
const byProfile = 'its device is chosen by an accelerator service, and there is none';

const table = {
  normal: { ...plain, device: null, agent: 'switch', guestGets: 'virtual' },
  direct: {
    ...plain,
    device: 'VF',
    agent: 'nic-switch',
    guestGets: 'vf',
    mayBeOffloaded: true,
    mayBeTrusted: true,
    mayFailOver: true,
  },
  macvtap: {
    ...plain,
    device: 'VF',
    needsInterface: true,
    agent: 'nic-switch',
    guestGets: 'over-vf',
  },
  'direct-physical': { ...plain, device: 'PF', agent: 'none', guestGets: 'pf' },
  baremetal: {
    ...plain,
    device: null,
    agent: 'unknown',
    guestGets: 'nothing',
    refusal: bareMetal,
  },
  'virtio-forwarder': {
    ...plain,
    device: 'VF',
    agent: 'unknown',
    guestGets: 'forwarded',
  },
  vdpa: {
    ...plain,
    device: 'vdpa',
    agent: 'offloading-switch',
    guestGets: 'vdpa',
  },
  'remote-managed': {
    ...plain,
    device: 'VF',
    agent: 'unknown',
    guestGets: 'vf',
    isRemoteManaged: true,
  },
  'smart-nic': {
    ...plain,
    device: null,
    agent: 'unknown',
    guestGets: 'nothing',
    refusal: bareMetal,
  },
  'accelerator-direct': {
    ...plain,
    device: null,
    agent: 'unknown',
    guestGets: 'vf',
    refusal: byProfile,
  },
  'accelerator-direct-physical': {
    ...plain,
    device: null,
    agent: 'unknown',
    guestGets: 'pf',
    refusal: byProfile,
  },
} as const satisfies Record<string, VnicTraits>;

/** Neutron's `binding:vnic_type`. */
export type VnicType = keyof typeof table;

/** All types in Neutron, including those that no server can have. */
export const vnicTypes = Object.keys(table) as readonly VnicType[];

/** A network service newer than this table may have more types. */
const unknownType: VnicTraits = {
  ...plain,
  device: null,
  agent: 'unknown',
  guestGets: 'nothing',
  refusal: 'the type is not known here',
};

/** What the type means. Example: macvtap → a VF with an interface, wired by the NIC agent. */
export function vnicTraits(vnicType: VnicType): VnicTraits {
  return Object.hasOwn(table, vnicType) ? table[vnicType] : unknownType;
}

/**
 * Is a device of this type what a port of this vnic type takes? null: none. Example: direct and
 * `type-VF` → true; direct-physical and `type-VF`, normal and `type-VF` → false.
 */
export function takesDeviceType(vnicType: VnicType, deviceType: PciDeviceType | null): boolean {
  const { device } = vnicTraits(vnicType);
  if (device === null || deviceType === null) return device === deviceType;
  if (device === 'PF') return deviceType === 'type-PF';
  if (device === 'vdpa') return deviceType === 'vdpa';
  // A NIC without SR-IOV may stand for a VF. Source: Nova `_filter_pools_for_unrequested_pfs`.
  return deviceType === 'type-VF' || deviceType === 'type-PCI';
}

/**
 * Why a server cannot have a port of this type; undefined when it can. Example: `which is not
 * supported; use normal, direct, … or remote-managed (smart-nic: it is for …)`.
 */
export function vnicRefusal(vnicType: VnicType): string | undefined {
  const { refusal } = vnicTraits(vnicType);
  if (refusal === null) return undefined;
  const accepted = vnicTypes.filter((each) => vnicTraits(each).refusal === null);
  const choice = `${accepted.slice(0, -1).join(', ')} or ${accepted.at(-1)}`;
  return `which is not supported; use ${choice} (${vnicType}: ${refusal})`;
}
