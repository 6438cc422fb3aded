/** The operator's views of hosts, devices and pools. */
import type { Host } from '#contracts/store.ts';
import { ComputeError } from '#core/errors.ts';
import { isUp } from '../hosts/host-status.ts';
import { queryValue, queryValues } from '../paging.ts';
import type { Call, Reply } from '../route.ts';
import { rollUp, viewDevice, viewHost, viewPool } from './views.ts';

export async function listHosts(call: Call): Promise<Reply> {
  const hosts = await hostsAsked(call);
  return { body: { hosts: hosts.map((host) => viewHost(host, isUp(call.context, host))) } };
}

/** `?host=` and `?status=` (repeatable) narrow it. */
export async function listDevices(call: Call): Promise<Reply> {
  const statuses = queryValues(call.query, 'status');
  const devices = [];
  for (const host of await hostsAsked(call)) {
    const rows = await call.context.store.hosts.devices(host.id);
    devices.push(...rows.map((row) => viewDevice(host.name, row)));
  }
  const isWanted = ({ status }: { status: string }) =>
    statuses.length === 0 || statuses.includes(status);
  return { body: { devices: devices.filter(isWanted) } };
}

export async function listPools(call: Call): Promise<Reply> {
  const hosts = await hostsAsked(call);
  return {
    body: {
      pools: hosts.flatMap(({ name, pciStats }) => pciStats.map((pool) => viewPool(name, pool))),
      stats: hosts.flatMap(({ name, pciStats }) => rollUp(name, pciStats)),
    },
  };
}

/** All hosts by name, or the one of `?host=`. Throws `notFound` for a name that no host has. */
async function hostsAsked(call: Call): Promise<Host[]> {
  const hosts = (await call.context.store.hosts.list()).toSorted((one, other) =>
    one.name < other.name ? -1 : 1,
  );
  const name = queryValue(call.query, 'host');
  if (name === undefined) return hosts;
  const found = hosts.filter((host) => host.name === name);
  if (found.length > 0) return found;
  throw new ComputeError('notFound', `Host ${name} could not be found.`);
}
