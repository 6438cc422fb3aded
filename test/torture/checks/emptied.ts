/** What is left once all servers are deleted. Each violation is one line. */
import type { Snapshot } from '../state/snapshot.ts';

export function leftViolations({
  servers,
  hosts,
  devices,
  guests,
  ports,
  bindings,
}: Snapshot): string[] {
  return [
    ...servers.filter(({ isDeleted }) => !isDeleted).map(({ id }) => `server ${id}: still there`),
    ...hosts.flatMap(({ id, name, used }) => [
      ...Object.entries(used)
        .filter(([, amount]) => amount !== 0)
        .map(([what, amount]) => `host ${name}: ${what} ${amount} is still used`),
      ...(devices.get(id) ?? [])
        .filter(({ status }) => status !== 'available')
        .map(({ address, status }) => `host ${name}: device ${address} is still ${status}`),
    ]),
    ...guests.map(({ id, host }) => `guest ${id}: still on ${host}`),
    ...ports
      .filter(({ deviceId, bindingHost }) => deviceId !== '' || bindingHost !== '')
      .map(({ id }) => `port ${id}: still bound`),
    ...bindings.map(({ portId, host }) => `port ${portId}: still bound on ${host}`),
  ];
}
