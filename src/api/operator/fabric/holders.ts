/** The servers and ports that have devices, and had them. */
import type { DeviceEventView, HostDeviceReply } from '#client/shapes/host-tree.ts';
import type { Static } from 'typebox';
import type { ShownNic } from '#contracts/store/server-selection.ts';
import type { Vif } from '#core/networking/vif.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { serverStatus } from '#core/servers/lifecycle.ts';
import { atSecond } from '../../requests/links.ts';
import type { Call } from '../../requests/route.ts';

/** A server that holds a device, as the tree shows it. */
interface Holder {
  name: string;
  status: string;
  projectId: string;
  nics: readonly ShownNic[];
}

export type HoldersByServer = ReadonlyMap<string, Holder>;

/** The servers that hold any of these devices, by id; one that cannot be read is absent. */
export async function holdersOf(
  { context }: Call,
  devices: readonly PciDevice[],
): Promise<HoldersByServer> {
  const ids = new Set(devices.flatMap(({ serverId }) => serverId ?? []));
  const servers = await context.store.servers.read([...ids]);
  return new Map(
    servers.map((server): [string, Holder] => {
      const { id, name, projectId, nics } = server;
      return [id, { name, projectId, nics, status: serverStatus(server) }];
    }),
  );
}

/** The port for which a server has the device, as it was bound; null: there is none. */
export async function portOf(
  { context }: Call,
  { serverId, requestId }: PciDevice,
): Promise<Static<typeof HostDeviceReply>['port']> {
  if (serverId === null || requestId === null) return null;
  const server = await context.store.servers.get(serverId);
  const vif = server?.nics.find(({ pciRequestId }) => pciRequestId === requestId)?.vif;
  if (vif === undefined || vif === null) return null;
  return {
    port_id: vif.portId,
    vnic_type: vif.vnicType,
    vif_type: vif.vifType,
    mac_address: vif.macAddress,
    vlan: vlanOf(vif),
    network_id: vif.network.id,
    network_name: vif.network.name,
    ip_addresses: vif.fixedIps.map(({ ipAddress }) => ipAddress),
  };
}

/** Newest first. */
export async function historyOf(
  { context }: Call,
  device: { hostId: string; address: string },
): Promise<DeviceEventView[]> {
  const events = await context.store.hosts.deviceHistory({ ...device, limit: longestHistory });
  return events.map(({ id, at, event, serverId, requestId, portId, vif, detail }) => ({
    id,
    at: atSecond(at),
    event,
    server_id: serverId,
    request_id: requestId,
    port_id: portId,
    mac_address: vif?.macAddress ?? null,
    vlan: vif === null ? null : vlanOf(vif),
    network: vif?.network.name ?? null,
    detail,
  }));
}

const longestHistory = 100;

/** null: the port's network has none on the VF. */
function vlanOf({ details }: Pick<Vif, 'details'>): number | null {
  const vlan = Number(details['vlan'] ?? Number.NaN);
  return Number.isInteger(vlan) ? vlan : null;
}
