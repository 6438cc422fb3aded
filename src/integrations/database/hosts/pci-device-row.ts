/** Converts PCI devices between core objects and rows. The JSON inside has Nova's names too. */
import type { Insertable, Selectable } from 'kysely';
import { nodeDeviceName, type PciAddress } from '#core/pci/devices/address.ts';
import type { PciDevice, PciDeviceStatus, PciDeviceType } from '#core/pci/devices/device.ts';
import { readReported } from '../rows/readable-rows.ts';
import type { PciDeviceRow } from '../engine/tables.ts';

/** `pci_devices.extra_info`. */
interface ExtraInfo {
  ifname: PciDevice['ifname'];
  other_ifnames?: string[];
  parent_ifname: PciDevice['parentIfname'];
  other_parent_ifnames?: string[];
  mac_address: PciDevice['macAddress'];
  vf_product_id?: string;
  is_infiniband?: true;
  link?: PciDevice['link'];
  /** Novella's own: why the device must not be allocated. */
  quarantine?: string;
  capabilities: PciDevice['capabilities'];
  /** Novella's own: what is at the address of a held device now. */
  found?: PciDevice['found'];
}

const nothingReported: ExtraInfo = {
  ifname: null,
  parent_ifname: null,
  mac_address: null,
  capabilities: {},
};

/** The row of a device. */
export function deviceRow(hostId: string, device: PciDevice): Insertable<PciDeviceRow> {
  const extraInfo: ExtraInfo = {
    ifname: device.ifname,
    ...(device.otherIfnames !== undefined && { other_ifnames: device.otherIfnames }),
    parent_ifname: device.parentIfname,
    ...(device.otherParentIfnames !== undefined && {
      other_parent_ifnames: device.otherParentIfnames,
    }),
    mac_address: device.macAddress,
    ...(device.vfProductId !== undefined && { vf_product_id: device.vfProductId }),
    ...(device.isInfiniBand === true && { is_infiniband: true }),
    ...(device.link !== undefined && { link: device.link }),
    ...(device.quarantine !== undefined && { quarantine: device.quarantine }),
    capabilities: device.capabilities,
    ...(device.found !== undefined && { found: device.found }),
  };
  return {
    compute_node_id: hostId,
    address: device.address,
    vendor_id: device.vendorId,
    product_id: device.productId,
    dev_type: device.deviceType,
    dev_id: nodeDeviceName(device.address),
    label: `label_${device.vendorId}_${device.productId}`,
    status: device.status,
    numa_node: device.numaNode,
    parent_addr: device.parentAddress,
    extra_info: JSON.stringify(extraInfo),
    tags: JSON.stringify(device.tags),
    instance_uuid: device.serverId,
    request_id: device.requestId,
  };
}

/** The device of a row. */
export function toDevice(row: Selectable<PciDeviceRow>): PciDevice {
  const extraInfo = readReported<ExtraInfo>('extra_info', row.extra_info, nothingReported);
  return {
    address: row.address as PciAddress,
    vendorId: row.vendor_id,
    productId: row.product_id,
    deviceType: row.dev_type as PciDeviceType,
    parentAddress: row.parent_addr as PciAddress | null,
    numaNode: row.numa_node,
    ifname: extraInfo.ifname,
    ...(extraInfo.other_ifnames !== undefined && { otherIfnames: extraInfo.other_ifnames }),
    parentIfname: extraInfo.parent_ifname,
    ...(extraInfo.other_parent_ifnames !== undefined && {
      otherParentIfnames: extraInfo.other_parent_ifnames,
    }),
    macAddress: extraInfo.mac_address,
    ...(extraInfo.vf_product_id !== undefined && { vfProductId: extraInfo.vf_product_id }),
    ...(extraInfo.is_infiniband === true && { isInfiniBand: true }),
    ...(extraInfo.link !== undefined && { link: extraInfo.link }),
    ...(extraInfo.quarantine !== undefined && { quarantine: extraInfo.quarantine }),
    capabilities: extraInfo.capabilities,
    ...(extraInfo.found !== undefined && { found: extraInfo.found }),
    tags: readReported<PciDevice['tags']>('tags', row.tags, {}),
    status: row.status as PciDeviceStatus,
    serverId: row.instance_uuid,
    requestId: row.request_id,
  };
}
