/** `binding:vnic_type`: what kind of NIC the user wants, and what it costs in PCI devices. */

export const vnicTypes = [
  'normal',
  'direct',
  'macvtap',
  'direct-physical',
  'baremetal',
  'virtio-forwarder',
  'vdpa',
  'remote-managed',
  'smart-nic',
  'accelerator-direct',
  'accelerator-direct-physical',
] as const;

/** Neutron's `binding:vnic_type`. */
export type VnicType = (typeof vnicTypes)[number];

/** Is this text a vnic type that Neutron knows? */
export function isVnicType(text: string): text is VnicType {
  return (vnicTypes as readonly string[]).includes(text);
}

/**
 * The PCI function a NIC of this type takes: a VF, a whole PF, nothing; or `unsupported` where
 * Novella cannot make such a NIC. Example: macvtap → 'VF'; normal → 'nothing'. Source: the seed,
 * "normal / direct / macvtap"; Nova `VNIC_TYPES_SRIOV`.
 */
export function deviceNeeded(vnicType: VnicType): 'VF' | 'PF' | 'nothing' | 'unsupported' {
  return needs[vnicType] ?? 'unsupported';
}

const needs: Partial<Record<VnicType, 'VF' | 'PF' | 'nothing'>> = {
  normal: 'nothing',
  direct: 'VF',
  macvtap: 'VF',
  'direct-physical': 'PF',
};
