/** From a bound NIC to libvirt's XML text, as in the agent: plan, element, print. */
import { planGuestNic } from '#core/guests/nics/plan-nic.ts';
import type { Vif } from '#core/networking/vif.ts';
import { nicXml } from '#integrations/libvirt/xml/interface-xml.ts';
import { printXml } from '#integrations/libvirt/xml/xml.ts';
import { type CoreData, vifOf, type WireVif } from './core-data.ts';

export interface NicOfBench {
  vif: Vif;
  extraSpecs: Record<string, string>;
  nicSources: Record<string, string>;
}

export function nicsOf({ vifs }: CoreData): NicOfBench[] {
  return vifs.map((wire: WireVif) => ({
    vif: vifOf(wire),
    extraSpecs: wire.x_flavor_extra_specs,
    nicSources: { [String(wire.profile['pci_slot'])]: wire.x_sysfs_ifname },
  }));
}

/** The XML of one NIC. Throws when it is refused. */
export function xmlOf({ vif, extraSpecs, nicSources }: NicOfBench): string {
  const planned = planGuestNic(vif, {
    vcpus: 1,
    extraSpecs,
    imageProperties: {},
    rxQueueSize: null,
    txQueueSize: null,
    maxQueues: null,
  });
  if (!planned.ok) throw new Error(planned.reasons.map(({ message }) => message).join('; '));
  return printXml(nicXml(planned.nic, { virtType: 'kvm', nicSources }));
}
