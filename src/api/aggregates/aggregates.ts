/** `os-aggregates`: host aggregates and their hosts. Source: Nova `aggregates.py`. */
import type { AggregateChange } from '#contracts/store/store.ts';
import { ComputeError } from '#core/errors.ts';
import { type Aggregate, zoneKey, zoneOf } from '#core/hosts/aggregate.ts';
import { mapInTurns } from '#http/lists/in-turns.ts';
import { atMicrosecond } from '../requests/links.ts';
import { type StepDown, steppedDown, type View, without } from '../requests/microversions.ts';
import type { Call, Reply } from '../requests/route.ts';
import type {
  AddHostBody,
  CacheImagesBody,
  ChangeAggregateBody,
  CreateAggregateBody,
  RemoveHostBody,
  SetMetadataBody,
} from './schemas.ts';

const steps: StepDown<unknown>[] = [without(41, 'uuid')];

export async function listAggregates(call: Call): Promise<Reply> {
  const all = await call.context.store.aggregates.list();
  return { body: { aggregates: await mapInTurns(all, (each) => viewAggregate(call, each)) } };
}

export async function showAggregate(call: Call): Promise<Reply> {
  const id = call.params['id'] ?? '';
  // A client that looks for a name requests it as an id first: that is not found, not wrong.
  const aggregate = isId(id) ? await call.context.store.aggregates.get(Number(id)) : undefined;
  if (aggregate !== undefined) return shown(call, aggregate);
  throw new ComputeError('notFound', `Aggregate ${id} could not be found.`);
}

/** The reply has neither hosts nor metadata, as Nova's. */
export async function createAggregate(call: Call<CreateAggregateBody>): Promise<Reply> {
  const { name, availability_zone: zone } = call.body.aggregate;
  const aggregate = await call.context.store.aggregates.create({
    uuid: call.context.newId(),
    name,
    metadata: typeof zone === 'string' ? { [zoneKey]: zone } : {},
  });
  const { hosts: _hosts, metadata: _metadata, ...view } = viewAggregate(call, aggregate);
  return { body: { aggregate: view } };
}

export async function changeAggregate(call: Call<ChangeAggregateBody>): Promise<Reply> {
  const { name, availability_zone: zone } = call.body.aggregate;
  return change(call, {
    ...(name !== undefined && { name: name.trim() }),
    ...(zone !== undefined && { metadata: { [zoneKey]: zone } }),
  });
}

/** Keys with null are removed, others stay. */
export async function setMetadata(call: Call<SetMetadataBody>): Promise<Reply> {
  return change(call, { metadata: call.body.set_metadata.metadata });
}

/**
 * Requests the images of all hosts of the aggregate. What becomes of it is in the logs of their
 * agents: as in Nova, nothing fails where a host does not get an image.
 */
export async function cacheImages(call: Call<CacheImagesBody>): Promise<Reply> {
  const { store, workflows, log } = call.context;
  const aggregate = await store.aggregates.get(idOf(call));
  if (aggregate === undefined) {
    throw new ComputeError('notFound', `Aggregate ${call.params['id']} could not be found.`);
  }
  const imageIds = call.body.cache.map(({ id }) => id);
  if (new Set(imageIds).size < imageIds.length) {
    throw new ComputeError('invalid', 'cache: has an image twice; name each once');
  }
  for (const name of aggregate.hosts) {
    const host = await store.hosts.named(name);
    for (const imageId of imageIds) {
      if (host !== undefined && workflows.cacheImage(host.id, imageId)) continue;
      log.warn({ host: name, image: imageId }, 'not linked, or older: it does not fetch the image');
    }
  }
  return {};
}

export async function deleteAggregate(call: Call): Promise<Reply> {
  await call.context.store.aggregates.remove(idOf(call));
  return {};
}

export async function addHost(call: Call<AddHostBody>): Promise<Reply> {
  const { aggregates } = call.context.store;
  return shown(call, await aggregates.addHost(idOf(call), call.body.add_host.host));
}

export async function removeHost(call: Call<RemoveHostBody>): Promise<Reply> {
  const { aggregates } = call.context.store;
  return shown(call, await aggregates.removeHost(idOf(call), call.body.remove_host.host));
}

/** A zone cannot be removed from an aggregate, as in Nova. */
async function change(call: Call, requested: AggregateChange): Promise<Reply> {
  const id = idOf(call);
  const zone = requested.metadata?.[zoneKey];
  if (zone === null || zone === '') {
    throw new ComputeError(
      'invalid',
      `Cannot update aggregate ${id}. Reason: ${zoneKey} must be the name of a zone; it cannot be removed.`,
    );
  }
  return shown(call, await call.context.store.aggregates.change(id, requested));
}

const largestId = 0x7f_ff_ff_ff;

/** Throws `invalid` unless `:id` is a whole number. */
function idOf(call: Call): number {
  const id = call.params['id'] ?? '';
  if (isId(id)) return Number(id);
  throw new ComputeError('invalid', `id ${id}: it must be a whole number up to ${largestId}.`);
}

function isId(text: string): boolean {
  return /^-?\d+$/.test(text) && Math.abs(Number(text)) <= largestId;
}

function shown(call: Call, aggregate: Aggregate): Reply {
  return { body: { aggregate: viewAggregate(call, aggregate) } };
}

function viewAggregate({ version }: Call, aggregate: Aggregate): View {
  const view = {
    id: aggregate.id,
    uuid: aggregate.uuid,
    name: aggregate.name,
    availability_zone: zoneOf(aggregate),
    hosts: aggregate.hosts,
    metadata: aggregate.metadata,
    created_at: atMicrosecond(aggregate.createdAt),
    updated_at: atMicrosecond(aggregate.updatedAt),
    deleted: false,
    deleted_at: null,
  };
  return steppedDown(view, version, steps, undefined);
}
