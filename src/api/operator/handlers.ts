/** The operator's views of hosts, devices and pools. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import type { DeviceView } from '#client/shapes/pci.ts';
import type { Host } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { readHosts } from '../hosts/host-pages.ts';
import { isUp } from '../hosts/host-status.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import type { Link } from '../requests/links.ts';
import { queryValue, queryValues } from '#http/routes/query.ts';
import { nextLinks, pageLimit } from '../requests/paging.ts';
import type { Call, Reply } from '../requests/route.ts';
import { rollUp, viewDevice, viewHost, viewPool } from './views.ts';

/** By name, in pages; the marker is a name. */
export async function listHosts(call: Call): Promise<Reply> {
  const { items, links } = await pageOfHosts(call);
  const hosts = await mapInTurns(items, (host) => {
    const lastSeenAt = call.context.links.lastSeenAt(host);
    return viewHost({ ...host, lastSeenAt }, isUp(call.context, host));
  });
  const more = links.length > 0 ? { hosts_links: links } : {};
  return { body: { hosts, ...more } satisfies OperatorReply<'GET /hosts'> };
}

/**
 * `?host=` and `?status=` (repeatable) narrow it. In pages by host and address; the marker is
 * `HOST/ADDRESS`.
 */
export async function listDevices(call: Call): Promise<Reply> {
  const limit = pageLimit(call.query);
  const marker = queryValue(call.query, 'marker');
  const devices: DeviceView[] = [];
  for await (const host of hostsFrom(call, marker)) {
    const rows = await call.context.store.hosts.devices(host.id);
    const views = rows.map((row) => viewDevice(host.name, row));
    devices.push(...views.filter((view) => isWanted(call, view) && isBehind(marker, view)));
    if (devices.length >= limit) break;
    await afterEvents();
  }
  const page = devices.slice(0, limit);
  const links = nextLinks(call, page, { limit, idOf: placeOf });
  const more = links.length > 0 ? { devices_links: links } : {};
  return { body: { devices: page, ...more } satisfies OperatorReply<'GET /pci/devices'> };
}

const placeOf = ({ host, address }: DeviceView) => `${host}/${address}`;

function isWanted(call: Call, { status }: DeviceView): boolean {
  const statuses = queryValues(call.query, 'status');
  return statuses.length === 0 || statuses.includes(status);
}

/** Addresses of one form are in the order of their texts. */
function isBehind(marker: string | undefined, { host, address }: DeviceView): boolean {
  if (marker === undefined) return true;
  const slash = marker.lastIndexOf('/');
  return host !== marker.slice(0, slash) || address > marker.slice(slash + 1);
}

/**
 * The hosts that may have devices of the page, from the marker's own on. Throws `invalid` for a
 * marker of an unknown host.
 */
async function* hostsFrom(call: Call, marker: string | undefined): AsyncGenerator<Host> {
  const { hosts } = call.context.store;
  const name = queryValue(call.query, 'host');
  const from = marker?.slice(0, Math.max(0, marker.lastIndexOf('/')));
  const first = name ?? from;
  const host = first === undefined ? undefined : await hosts.named(first);
  if (name !== undefined && host === undefined) throw noSuchHost(name);
  if (from !== undefined && (host === undefined || host.name !== from)) {
    throw new ComputeError('invalid', `marker [${marker}] not found`);
  }
  if (host !== undefined) yield host;
  let after = host?.name;
  if (name !== undefined) return;
  for (;;) {
    const place = after === undefined ? {} : { after };
    const some = await hosts.page({ by: 'name', ...place, limit: hostsAtOnce });
    yield* some;
    if (some.length < hostsAtOnce) return;
    after = some.at(-1)?.name;
  }
}

const hostsAtOnce = 10;

/** In pages of hosts by name; the marker is a name. */
export async function listPools(call: Call): Promise<Reply> {
  const { items, links } = await pageOfHosts(call);
  const parts = await mapInTurns(items, ({ name, pciStats }) => ({
    pools: pciStats.map((pool) => viewPool(name, pool)),
    stats: rollUp(name, pciStats),
  }));
  return {
    body: {
      pools: parts.flatMap(({ pools }) => pools),
      stats: parts.flatMap(({ stats }) => stats),
      ...(links.length > 0 && { pools_links: links }),
    } satisfies OperatorReply<'GET /pci/pools'>,
  };
}

/**
 * All hosts by name, page by page, or the one of `?host=`. Throws `notFound` for a name that no
 * host has.
 */
async function pageOfHosts(call: Call): Promise<{ items: Host[]; links: Link[] }> {
  const { hosts } = call.context.store;
  const name = queryValue(call.query, 'host');
  if (name !== undefined) {
    const host = await hosts.named(name);
    if (host === undefined) throw noSuchHost(name);
    return { items: [host], links: [] };
  }
  const limit = pageLimit(call.query);
  const marker = queryValue(call.query, 'marker');
  if (marker !== undefined && (await hosts.named(marker)) === undefined) {
    throw new ComputeError('invalid', `marker [${marker}] not found`);
  }
  const items = await readHosts((page) => hosts.page(page), { by: 'name', after: marker, limit });
  return { items, links: nextLinks(call, items, { limit, idOf: (host) => host.name }) };
}

function noSuchHost(name: string): ComputeError {
  return new ComputeError('notFound', `Host ${name} could not be found.`);
}
