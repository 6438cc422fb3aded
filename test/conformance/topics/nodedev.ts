/** Topic nodedev: libvirt's node devices and sysfs facts through readNodeDevices to records. */
import { type NodeDevice, readNodeDevices } from '#integrations/libvirt/node-device.ts';
import { type CaseOutcome, judge, type Topic, type VectorCase } from '../topic.ts';

interface Input {
  nodedevs: string[];
  host?: { functions: { address: string; vfs?: string[]; ifname?: string; mac?: string }[] };
}

export const nodedev: Topic = { name: 'nodedev', run };

function run(testCase: VectorCase): CaseOutcome {
  const { nodedevs, host } = testCase.input as unknown as Input;
  const functions = host?.functions ?? [];
  const fact = (address: string) => functions.find((fn) => fn.address === address);
  const read = readNodeDevices(nodedevs, {
    ifnameOf: (address) => fact(address)?.ifname ?? null,
    macOf: (address) => (fact(address)?.ifname === undefined ? null : (fact(address)?.mac ?? null)),
    vfNumOf(pf, vf) {
      const index = fact(pf)?.vfs?.indexOf(vf) ?? -1;
      return index < 0 ? undefined : index;
    },
  });
  const expected = testCase.expect as { records: { dev_id: string }[] };
  return judge(byId(expected.records), byId(read.functions.map(record)));
}

function byId(records: { dev_id: string }[]): Record<string, unknown> {
  return Object.fromEntries(records.map((each) => [each.dev_id, each]));
}

/** The record with the keys of Nova's `pci_devices`. */
function record(device: NodeDevice): { dev_id: string } & Record<string, unknown> {
  const { network, sriov, vpd } = device.capabilities;
  const capabilities = {
    ...(network !== undefined && { network }),
    ...(sriov !== undefined && {
      sriov: { pf_mac_address: sriov.pfMacAddress, vf_num: sriov.vfNum },
    }),
    ...(vpd !== undefined && { vpd: { card_serial_number: vpd.cardSerialNumber } }),
  };
  return {
    dev_id: device.nodeName,
    address: device.address,
    product_id: device.productId,
    vendor_id: device.vendorId,
    numa_node: device.numaNode,
    label: `label_${device.vendorId}_${device.productId}`,
    dev_type: device.deviceType,
    ...(device.parentAddress !== null && { parent_addr: device.parentAddress }),
    ...(device.parentIfname !== null && { parent_ifname: device.parentIfname }),
    ...(Object.keys(capabilities).length > 0 && { capabilities }),
    ...(device.macAddress !== null && { mac_address: device.macAddress }),
  };
}
