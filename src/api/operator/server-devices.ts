/** The devices that a server holds, wherever they are. */
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { DeviceView } from '#client/shapes/pci.ts';
import type { Call, Reply } from '../requests/route.ts';
import { findServerEvenDeleted } from '../servers/read/find.ts';
import { viewDevice } from './views.ts';

/** Of a deleted server too: a silent host holds them until it reports. */
export async function listServerDevices(call: Call): Promise<Reply> {
  const { id } = await findServerEvenDeleted(call);
  const devices = await devicesOf(call, id);
  return { body: { devices } satisfies OperatorReply<'GET /servers/:id/devices'> };
}

/** Claimed or allocated, by host and address. */
export async function devicesOf({ context }: Call, serverId: string): Promise<DeviceView[]> {
  const held = await context.store.hosts.heldBy(serverId);
  const hosts = await context.store.hosts.summariesOf([...held.keys()]);
  const byName = hosts.toSorted((one, other) => (one.name < other.name ? -1 : 1));
  return byName.flatMap(({ id, name }) =>
    (held.get(id) ?? []).map((device) => viewDevice(name, device)),
  );
}
