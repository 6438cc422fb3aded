/** GET, POST and DELETE of flavors. */
import { ComputeError, isComputeError } from '#core/errors.ts';
import type { Flavor } from '#core/servers/flavor.ts';
import { isSet } from '../requests/fields.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import type { View } from '../requests/microversions.ts';
import { orderBy } from '#http/lists/order.ts';
import { queryValue } from '#http/routes/query.ts';
import { pageOf } from '../requests/paging.ts';
import type { Call, Reply } from '../requests/route.ts';
import type { ChangeFlavorBody, CreateFlavorBody } from './schemas.ts';
import { viewFlavor, viewFlavorBriefly } from './views.ts';
import { splitNames } from '../requests/split-names.ts';

export const flavorQuery = splitNames('limit marker is_public minRam minDisk sort_key sort_dir');

export const listFlavors = (call: Call) => listBy(call, viewFlavorBriefly);
export const listFlavorsInDetail = (call: Call) => listBy(call, viewFlavor);

export async function showFlavor(call: Call): Promise<Reply> {
  return { body: { flavor: viewFlavor(call, await findFlavor(call)) } };
}

export async function createFlavor(call: Call<CreateFlavorBody>): Promise<Reply> {
  const { flavor: requested } = call.body;
  const isGiven = requested.id !== undefined && requested.id !== null && requested.id !== 'auto';
  const flavor: Flavor = {
    id: isGiven ? String(requested.id) : call.context.newId(),
    name: requested.name,
    vcpus: Number(requested.vcpus),
    memoryMib: Number(requested.ram),
    diskGib: Number(requested.disk),
    ephemeralGib: Number(requested['OS-FLV-EXT-DATA:ephemeral'] ?? 0),
    swapMib: Number(requested.swap ?? 0),
    rxtxFactor: Number(requested.rxtx_factor ?? 1),
    isPublic: isSet(requested['os-flavor-access:is_public'] ?? true),
    isDisabled: false,
    description: requested.description ?? null,
    extraSpecs: {},
  };
  await call.context.store.flavors.create(flavor);
  return { body: { flavor: viewFlavor(call, flavor) } };
}

/** PUT since 2.55: the description is all that can change. */
export async function changeFlavor(call: Call<ChangeFlavorBody>): Promise<Reply> {
  const { id } = await findFlavor(call);
  const { description } = call.body.flavor;
  const flavor = await call.context.store.flavors.update(id, { description });
  return { body: { flavor: viewFlavor(call, flavor) } };
}

/** Without reading it: a damaged record can be deleted too. */
export async function deleteFlavor(call: Call): Promise<Reply> {
  await call.context.store.flavors.remove(call.params['id'] ?? '');
  return {};
}

/**
 * The flavor of `:id`. Throws `notFound`, also for a private one that the caller's project has no
 * access to.
 */
export async function findFlavor(call: Call): Promise<Flavor> {
  const id = call.params['id'] ?? '';
  const flavor = await readFlavor(call, id);
  if (flavor !== undefined && (flavor.isPublic || call.caller.isAdmin)) return flavor;
  const { flavorAccess } = call.context.store;
  if (flavor !== undefined && (await flavorAccess.flavors(call.caller.projectId)).has(id)) {
    return flavor;
  }
  throw new ComputeError('notFound', `Flavor ${id} could not be found.`);
}

/**
 * Throws `conflict` for a damaged record, for administrators with the reason; for others there is
 * no such flavor.
 */
async function readFlavor({ context, caller }: Call, id: string): Promise<Flavor | undefined> {
  try {
    return await context.store.flavors.get(id);
  } catch (error) {
    if (!isComputeError(error, 'conflict')) throw error;
    if (!caller.isAdmin) return undefined;
    const { message, detail, cause } = error;
    throw new ComputeError('conflict', `${message} The reason: ${detail}`, { cause });
  }
}

async function listBy(call: Call, view: (call: Call, flavor: Flavor) => View): Promise<Reply> {
  const isWanted = await publicityTest(call);
  const [minRam, minDisk] = [numberOf(call, 'minRam'), numberOf(call, 'minDisk')];
  const found = (await call.context.store.flavors.list()).filter(
    (flavor) => isWanted(flavor) && flavor.memoryMib >= minRam && flavor.diskGib >= minDisk,
  );
  const { items, links } = pageOf(call, sortedFlavors(call, found), ({ id }) => id);
  const flavors = await mapInTurns(items, (flavor) => view(call, flavor));
  return { body: { flavors, ...(links.length > 0 && { flavors_links: links }) } };
}

/**
 * Administrators request public (the default), private, or with `None` all; others see the public
 * ones. Private ones that the caller's project has access to count as public.
 */
async function publicityTest(call: Call): Promise<(flavor: Flavor) => boolean> {
  const given = (queryValue(call.query, 'is_public') ?? 'true').toLowerCase();
  const own = await call.context.store.flavorAccess.flavors(call.caller.projectId);
  if (!call.caller.isAdmin) {
    return ({ id, isPublic, isDisabled }) => (isPublic || own.has(id)) && !isDisabled;
  }
  if (given === 'none') return () => true;
  if (!/^(t|true|1|yes|y|on|f|false|0|no|n|off)$/.test(given)) {
    throw new ComputeError(
      'invalid',
      `Invalid is_public filter [${given}]: it is a boolean or None.`,
    );
  }
  const wanted = isSet(given);
  return ({ id, isPublic }) => isPublic === wanted || (wanted && own.has(id));
}

function numberOf(call: Call, key: 'minRam' | 'minDisk'): number {
  const value = queryValue(call.query, key) ?? '0';
  if (/^\d+$/.test(value)) return Number(value);
  throw new ComputeError('invalid', `Invalid ${key} filter [${value}]: it is a whole number.`);
}

const sortKeys: Record<string, (flavor: Flavor) => string | number> = {
  flavorid: ({ id }) => id,
  id: ({ id }) => id,
  name: ({ name }) => name,
  memory_mb: ({ memoryMib }) => memoryMib,
  vcpus: ({ vcpus }) => vcpus,
  root_gb: ({ diskGib }) => diskGib,
  ephemeral_gb: ({ ephemeralGib }) => ephemeralGib,
  swap: ({ swapMib }) => swapMib,
  rxtx_factor: ({ rxtxFactor }) => rxtxFactor,
  is_public: ({ isPublic }) => Number(isPublic),
  disabled: ({ isDisabled }) => Number(isDisabled),
  description: ({ description }) => description ?? '',
};

/** In the order of their ids unless the query specifies another. */
function sortedFlavors(call: Call, flavors: Flavor[]): Flavor[] {
  const key = queryValue(call.query, 'sort_key') ?? 'flavorid';
  const read = Object.hasOwn(sortKeys, key) ? sortKeys[key] : undefined;
  if (read === undefined) {
    throw new ComputeError(
      'invalid',
      `Invalid input for query parameters sort_key. Value: ${key}. must be one of ${Object.keys(sortKeys).join(', ')}`,
    );
  }
  const direction = queryValue(call.query, 'sort_dir') ?? 'asc';
  if (direction !== 'asc' && direction !== 'desc') {
    throw new ComputeError(
      'invalid',
      `Invalid input for query parameters sort_dir. Value: ${direction}. must be one of asc, desc`,
    );
  }
  return flavors.toSorted(orderBy([{ read, sign: direction === 'desc' ? -1 : 1 }]));
}
