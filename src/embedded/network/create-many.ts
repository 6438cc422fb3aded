/** Making several of a resource with one request: all of them or none. */
import { setImmediate as afterEvents } from 'node:timers/promises';
import type { NetworkRows, NetworkStore, StoredNetwork } from '#contracts/store/network-store.ts';
import { ComputeError } from '#core/errors.ts';
import { type CheckedBody, fieldsOf } from '../request-body.ts';
import { NetworkError } from './requests/errors.ts';
import { type Owned, ownerFor } from './networks/networks.ts';
import { checkQuota } from './requests/quota-check.ts';
import type { Act, Resource } from './resources.ts';
import type { View } from './views.ts';

/** More would hold the store for too long. */
export const mostAtOnce = 50;

type Made<New> = Omit<Resource<New>, 'change'>;

/** What a creation asks for. */
export type OneOrMany<New> = { one: New } | { many: New[] };

/**
 * The body of one, or of several: `{ "ports": [{…}, {…}] }`, whose items may have the singular
 * around them, or not. An error names the item: "ports[2]: …".
 */
export function oneOrMany<New>(resource: Made<New>): CheckedBody<OneOrMany<New>> {
  const { plural, newBody } = resource;
  const read = (body: unknown): OneOrMany<New> => {
    const fields = fieldsOf(body);
    if (fields === undefined || !Object.hasOwn(fields, plural)) return { one: newBody.read(body) };
    const many = itemsOf(resource, fields).map((item, index) => {
      try {
        return newBody.read(item);
      } catch (error) {
        throw named(`${plural}[${index}]`, error);
      }
    });
    return { many };
  };
  return { schema: newBody.schema, read };
}

/**
 * Makes what is requested, in its order and in one transaction; quotas are counted for all of it.
 * An error names the item: "ports[2]: …". Source: Neutron's bulk create.
 */
export async function createMany<New extends Owned>(
  resource: Made<New>,
  { context, rights }: Act,
  requests: New[],
): Promise<View[]> {
  resource.checkTogether?.(requests);
  return context.store.atomic(async (rows) => {
    const act = { context: { ...context, store: joining(rows) }, rights };
    await checkQuotas(resource, act, requests);
    const made: View[] = [];
    for (const [index, each] of requests.entries()) {
      const field = `${resource.plural}[${index}]`;
      made.push(await naming(field, resource.create(act, each)));
      await afterEvents();
    }
    return made;
  });
}

function itemsOf(
  { singular, plural }: Pick<Made<never>, 'singular' | 'plural'>,
  { [plural]: items, ...others }: Record<string, unknown>,
): unknown[] {
  const [other] = Object.keys(others);
  if (other !== undefined) throw invalid(`body: unknown key '${other}' next to '${plural}'`);
  if (!Array.isArray(items)) throw invalid(`${plural}: must be a list`);
  if (items.length === 0) throw invalid(`${plural}: Resources required`);
  if (items.length > mostAtOnce) {
    throw invalid(`${plural}: ${items.length} are too many at once: at most ${mostAtOnce}`);
  }
  return items.map((item: unknown, index) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      throw invalid(`${plural}[${index}]: must be an object`);
    }
    return Object.hasOwn(item, singular) ? item : { [singular]: item };
  });
}

/** So that the refusal has the requested number, not that the last one was too many. */
async function checkQuotas(
  { singular }: Pick<Made<never>, 'singular'>,
  { context, rights }: Act,
  requests: Owned[],
): Promise<void> {
  const owners = requests.map((requested) => ownerFor(rights, requested, singular));
  for (const [projectId, many] of Map.groupBy(owners, (owner) => owner)) {
    await checkQuota(context.store, context, { projectId, more: { [singular]: many.length } });
  }
}

/**
 * A store whose transactions are part of the one that runs. What a creation reads fully is read
 * once: the networks, for their segments. A subnet that is full stays so: nothing is removed.
 */
function joining(rows: NetworkRows): NetworkStore {
  let all: Promise<StoredNetwork[]> | undefined;
  const networks = () => (all ??= rows.networks());
  const addNetwork = async (network: StoredNetwork) => {
    await rows.addNetwork(network);
    (await all)?.push(network);
  };
  const full = new Set<string>();
  const freeAddress: NetworkRows['freeAddress'] = async (subnetId, ranges) => {
    if (full.has(subnetId)) return undefined;
    const free = await rows.freeAddress(subnetId, ranges);
    if (free === undefined) full.add(subnetId);
    return free;
  };
  const joined = { ...rows, networks, addNetwork, freeAddress };
  return { ...joined, atomic: (work) => work(joined) };
}

async function naming<T>(field: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw named(field, error);
  }
}

function named(field: string, error: unknown): unknown {
  if (!(error instanceof ComputeError)) return error;
  const message = `${field}: ${error.message}`;
  return error instanceof NetworkError
    ? new NetworkError(error.kind, error.type, message)
    : new ComputeError(error.kind, message, { cause: error });
}

function invalid(message: string): ComputeError {
  return new ComputeError('invalid', message);
}
