/** The operator's views of hosts, devices and pools. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { OperatorReply } from '#client/shapes/operator-replies.ts';
import { DeviceStatus, DeviceType, type DeviceView } from '#client/shapes/pci.ts';
import type { Host } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { isUp } from '../hosts/host-status.ts';
import { noSuchHost, pageOfHosts } from '../hosts/page-of-hosts.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import type { Link } from '../requests/links.ts';
import { queryValue, queryValues } from '#http/routes/query.ts';
import { nextLinks, pageLimit } from '../requests/paging.ts';
import type { Call, Reply } from '../requests/route.ts';
import { rollUp, viewDevice, viewHost, viewPool } from './views.ts';

export const hostsQuery = ['host', 'limit', 'marker'];

/** By name, in pages; the marker is a name. */
export async function listHosts(call: Call): Promise<Reply> {
  const { items, links } = await wantedHosts(call);
  const hosts = await mapInTurns(items, (host) => {
    const lastSeenAt = call.context.links.lastSeenAt(host);
    return viewHost({ ...host, lastSeenAt }, isUp(call.context, host));
  });
  const more = links.length > 0 ? { hosts_links: links } : {};
  return { body: { hosts, ...more } satisfies OperatorReply<'GET /hosts'> };
}

/** What the values of a key are compared with; each is repeatable. */
const filters = {
  status: ({ status }) => status,
  dev_type: ({ dev_type: type }) => type,
  vendor_id: ({ vendor_id: id }) => id,
  product_id: ({ product_id: id }) => id,
  physical_network: ({ physical_network: network }) => network ?? '',
} as const satisfies Record<string, (device: DeviceView) => string>;
type FilterKey = keyof typeof filters;
const filterKeys = Object.keys(filters) as FilterKey[];

export const devicesQuery = [...hostsQuery, ...filterKeys];

/** The only values that some keys can have. */
const allowed: Partial<Record<FilterKey, { enum: readonly string[] }>> = {
  status: DeviceStatus,
  dev_type: DeviceType,
};

/**
 * `?host=` and the filters narrow it; an empty `physical_network`: devices without one. In pages by
 * host and address; the marker is `HOST/ADDRESS`. Throws `invalid` for a status or type that no
 * device has.
 */
export async function listDevices(call: Call): Promise<Reply> {
  refuseUnknownValues(call);
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

function refuseUnknownValues({ query }: Call): void {
  for (const key of filterKeys) {
    const { enum: values } = allowed[key] ?? {};
    const wrong = queryValues(query, key).find((value) => values?.includes(value) === false);
    if (wrong === undefined || values === undefined) continue;
    throw new ComputeError(
      'invalid',
      `Invalid input for query parameters ${key}. Value: ${wrong}. must be one of ${values.join(', ')}`,
    );
  }
}

function isWanted({ query }: Call, device: DeviceView): boolean {
  return filterKeys.every((key) => {
    const values = queryValues(query, key);
    return values.length === 0 || values.includes(filters[key](device));
  });
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
  const { items, links } = await wantedHosts(call);
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

/** All hosts, page by page, or the one of `?host=`. Throws `notFound` for an unknown name. */
async function wantedHosts(call: Call): Promise<{ items: Host[]; links: Link[] }> {
  const { hosts } = call.context.store;
  const name = queryValue(call.query, 'host');
  if (name === undefined) return pageOfHosts(call, (page) => hosts.page(page));
  const host = await hosts.named(name);
  if (host === undefined) throw noSuchHost(name);
  return { items: [host], links: [] };
}
