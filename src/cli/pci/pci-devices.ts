/** `novella pci devices`: every device that may be assigned, with its holder. */
import type { PciDeviceStatus } from '#core/pci/devices/device.ts';
import type { DeviceView } from '#client/shapes/pci.ts';
import { listDevices } from '#client/operator-api.ts';
import { serverNames } from '#client/server-names.ts';
import { type Screen, writeJson, writeLines } from '../terminal/screen.ts';
import type { Session } from '#client/session/session.ts';
import { type Column, tableLines } from '../terminal/table.ts';

/** Absent keys do not narrow. */
export interface PciDevicesOptions {
  host?: string;
  status?: PciDeviceStatus;
  /** Short for status available. */
  free?: boolean;
  json?: boolean;
}

/**
 * Prints the devices that the options leave, by host and address. `--json`: `{devices: […]}` as the
 * API gives them.
 */
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
  writeLines(screen, tableLines(deviceColumns(names), devices, { bold: screen.hasStyle === true }));
  writeLines(screen, quarantineLines(devices));
  writeLines(screen, replacedLines(devices));
}

/**
 * Example: `host-1: PCI device 0000:3b:00.1 is another device now: was 15b3:1018, is 8086:154c`.
 */
function replacedLines(devices: readonly DeviceView[]): string[] {
  return devices.flatMap(({ host, replaced }) =>
    replaced == null ? [] : [`${host}: ${replaced}`],
  );
}

/**
 * Below the table, for a reason has no column's length. Example: `host-1 0000:01:10.0 is
 * quarantined: VLAN is 42, was 0`.
 */
function quarantineLines(devices: readonly DeviceView[]): string[] {
  const quarantined = devices.filter(({ quarantine }) => (quarantine ?? null) !== null);
  if (quarantined.length === 0) return [];
  const reasons = quarantined.map(
    ({ host, address, quarantine }) => `${host} ${address} is quarantined: ${quarantine}`,
  );
  return [
    '',
    ...reasons,
    'Their hosts try again every half minute; no server gets them before that succeeds.',
  ];
}

/** Only a PF has a link. */
function linkOf({ dev_type: type, link }: DeviceView): string {
  return type === 'type-PF' ? (link ?? '') : '';
}

/** Nova has no term for it. */
function statusOf({ status, quarantine }: DeviceView): string {
  return (quarantine ?? null) === null ? status : `${status} (quarantine)`;
}

function deviceColumns(names: Map<string, string>): Column<DeviceView>[] {
  return [
    { title: 'HOST', value: (device) => device.host },
    { title: 'ADDRESS', value: (device) => device.address },
    { title: 'TYPE', value: (device) => shortType(device.dev_type) },
    { title: 'ID', value: (device) => `${device.vendor_id}:${device.product_id}` },
    { title: 'NUMA', value: (device) => String(device.numa_node ?? ''), align: 'right' },
    { title: 'NETWORK', value: (device) => device.physical_network ?? '' },
    { title: 'LINK', value: linkOf },
    { title: 'STATUS', value: statusOf },
    { title: 'SERVER', value: (device) => holder(device.instance_uuid, names) },
  ];
}

/** Nova's `dev_type`, shortened. Example: `type-VF` → `VF`. */
export function shortType(type: string): string {
  return type.replace(/^type-/, '');
}

/**
 * A name, which takes less of the line than an id; with the start of the id where several servers
 * have the name.
 */
function holder(serverId: string | null, names: Map<string, string>): string {
  if (serverId === null) return '';
  const name = names.get(serverId);
  const id = serverId.slice(0, 8);
  if (name === undefined) return id;
  const isOnly = [...names.values()].filter((each) => each === name).length === 1;
  return isOnly ? name : `${id} ${name}`;
}
