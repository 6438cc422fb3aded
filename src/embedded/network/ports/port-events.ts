/**
 * What the API's changes mean for servers, reported as Neutron's notifier of Nova does. Compute's
 * own calls report nothing.
 */
import type { NetworkEvent } from '#contracts/services/network-events.ts';
import type { StoredPort } from '#contracts/store/network-store.ts';
import type { NetworkContext } from '../requests/context.ts';

/**
 * A server's port was changed or deleted. Example: a PUT of `fixed_ips` → network-changed of that
 * server.
 */
export async function reportPort(
  { portEvents }: NetworkContext,
  port: StoredPort | undefined,
  kind: 'changed' | 'deleted',
): Promise<void> {
  if (port === undefined || !isOfServer(port)) return;
  await portEvents?.([{ serverId: port.deviceId, kind, portId: port.id }]);
}

/**
 * A network or one of its subnets was changed: each server with a port on it must read them again.
 */
export async function reportNetwork(
  { store, portEvents }: NetworkContext,
  networkId: string,
): Promise<void> {
  if (portEvents === undefined) return;
  const ports = (await store.ports({ networkId })).filter(isOfServer);
  const servers = new Set(ports.map(({ deviceId }) => deviceId));
  await portEvents(
    [...servers].map((serverId): NetworkEvent => ({ serverId, kind: 'changed', portId: '' })),
  );
}

function isOfServer({ deviceId, deviceOwner }: StoredPort): boolean {
  return deviceId !== '' && deviceOwner.startsWith('compute:');
}
