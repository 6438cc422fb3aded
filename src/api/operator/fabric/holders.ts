/** The servers and ports that have devices. */
import type { HostDeviceReply } from '#client/shapes/host-tree.ts';
import type { Static } from 'typebox';
import type { ShownNic } from '#contracts/store/server-selection.ts';
import type { PciDevice } from '#core/pci/devices/device.ts';
import { serverStatus } from '#core/servers/lifecycle.ts';
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
  const vlan = Number(vif.details['vlan'] ?? Number.NaN);
  return {
    port_id: vif.portId,
    vnic_type: vif.vnicType,
    vif_type: vif.vifType,
    mac_address: vif.macAddress,
    vlan: Number.isInteger(vlan) ? vlan : null,
    network_id: vif.network.id,
    network_name: vif.network.name,
    ip_addresses: vif.fixedIps.map(({ ipAddress }) => ipAddress),
  };
}
