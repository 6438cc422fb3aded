/** `novella pci devices`: every device that may be handed out, who holds it. */
import type { PciDeviceStatus } from '#core/pci/device.ts';
import { type DeviceView, listDevices, serverNames } from './operator-api.ts';
import { type Screen, writeJson, writeLines } from './screen.ts';
import type { Session } from './session.ts';
import { type Column, tableLines } from './table.ts';

/** Absent keys do not narrow. */
export interface PciDevicesOptions {
  host?: string;
  status?: PciDeviceStatus;
  /** Short for status available. */
  free?: boolean;
  json?: boolean;
}

/** Prints the devices that the options leave, by host and address. `--json`: `{devices: […]}` as the API gives them. */
export async function showPciDevices(
  session: Session,
  options: PciDevicesOptions,
  screen: Screen,
): Promise<void> {
  const status = options.free === true ? 'available' : options.status;
  const devices = await listDevices(session, { host: options.host, status });
  if (options.json === true) return writeJson(screen, { devices });
  if (devices.length === 0) return writeLines(screen, ['No PCI device matches.']);
  const names = await serverNames(session);
  writeLines(screen, tableLines(deviceColumns(names), devices, { bold: screen.isTerminal }));
}

function deviceColumns(names: Map<string, string>): Column<DeviceView>[] {
  return [
    { title: 'HOST', value: (device) => device.host },
    { title: 'ADDRESS', value: (device) => device.address },
    { title: 'TYPE', value: (device) => shortType(device.dev_type) },
    { title: 'ID', value: (device) => `${device.vendor_id}:${device.product_id}` },
    { title: 'NUMA', value: (device) => String(device.numa_node ?? ''), align: 'right' },
    { title: 'NETWORK', value: (device) => device.physical_network ?? '' },
    { title: 'STATUS', value: (device) => device.status },
    { title: 'SERVER', value: (device) => holder(device.instance_uuid, names) },
  ];
}

/** Nova's `dev_type` in one word. Example: `type-VF` → `VF`. */
export function shortType(type: string): string {
  return type.replace(/^type-/, '');
}

function holder(serverId: string | null, names: Map<string, string>): string {
  if (serverId === null) return '';
  const name = names.get(serverId);
  return name === undefined ? serverId.slice(0, 8) : `${serverId.slice(0, 8)} ${name}`;
}
