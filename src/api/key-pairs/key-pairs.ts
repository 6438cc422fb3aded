/**
 * `os-keypairs`: list, show, create, delete. Each user has key pairs, in no project. Source: Nova
 * `api/openstack/compute/keypairs.py`.
 */
import { ComputeError } from '#core/errors.ts';
import type { KeyPair, KeyType } from '#core/key-pairs/key-pair.ts';
import { queryValue } from '#http/routes/query.ts';
import { atMicrosecond } from '../requests/links.ts';
import { type StepDown, steppedDown, type View, without } from '../requests/microversions.ts';
import { longestPage, nextLinks, pageLimit } from '../requests/paging.ts';
import { requireOwnRule } from '../requests/permission.ts';
import type { Call, Reply } from '../requests/route.ts';
import { generatedKey, importedKey } from './key-material.ts';
import type { CreateKeyPairBody } from './schemas.ts';

const steps: StepDown<unknown>[] = [without(2, 'type')];

export const keyPairQuery = ['user_id'] as const;
export const keyPairsQuery = ['user_id', 'limit', 'marker'] as const;

/** From these versions on: with another user's id, and in pages. */
const ofUserFrom = 10;
const pagedFrom = 35;

/** By name. */
export async function listKeyPairs(call: Call): Promise<Reply> {
  const userId = userOfQuery(call);
  const isPaged = call.version >= pagedFrom;
  const limit = isPaged ? pageLimit(call.query) : longestPage;
  const after = isPaged ? queryValue(call.query, 'marker') : undefined;
  const { keyPairs } = call.context.store;
  const page = await keyPairs.list(userId, { limit, ...(after !== undefined && { after }) });
  const links = isPaged ? nextLinks(call, page, { limit, idOf: ({ name }) => name }) : [];
  return {
    body: {
      keypairs: page.map((keyPair) => ({ keypair: view(call, briefly(keyPair)) })),
      ...(links.length > 0 && { keypairs_links: links }),
    },
  };
}

export async function showKeyPair(call: Call): Promise<Reply> {
  const userId = userOfQuery(call);
  const name = call.params['id'] ?? '';
  const keyPair = await call.context.store.keyPairs.get(userId, name);
  if (keyPair === undefined) {
    throw new ComputeError('notFound', `Keypair ${name} not found for user ${userId}`);
  }
  const shown = {
    ...briefly(keyPair),
    user_id: userId,
    id: keyPair.id,
    created_at: atMicrosecond(keyPair.createdAt),
    deleted: false,
    deleted_at: null,
    updated_at: null,
  };
  return { body: { keypair: view(call, shown) } };
}

/** Without a public key a pair is generated, and its private key is shown this once. */
export async function createKeyPair(call: Call<CreateKeyPairBody>): Promise<Reply> {
  const { name, public_key: publicKey, type = 'ssh', user_id: other } = call.body.keypair;
  const { store, configuredQuotas, clock } = call.context;
  const userId = permitted(call, other);
  const { projectId } = call.caller;
  const within = { projectId, configured: configuredQuotas(projectId) };
  await store.keyPairs.check({ userId, name }, within);
  const made =
    publicKey === undefined
      ? await generatedKey(type, userId, clock.now())
      : { ...importedKey(type, publicKey), privateKey: undefined };
  const { privateKey, ...key } = made;
  const createdAt = clock.now();
  const keyPair = await store.keyPairs.create({ ...key, userId, name, type, createdAt }, within);
  const shown = { ...briefly(keyPair), user_id: userId, private_key: privateKey };
  return { body: { keypair: view(call, shown) } };
}

/** Servers that were created with it keep it. */
export async function deleteKeyPair(call: Call): Promise<Reply> {
  await call.context.store.keyPairs.remove(userOfQuery(call), call.params['id'] ?? '');
  return {};
}

function userOfQuery(call: Call): string {
  return permitted(call, call.version < ofUserFrom ? undefined : queryValue(call.query, 'user_id'));
}

/** Throws `forbidden` where the rule of the call does not hold for this user's key pairs. */
function permitted(call: Pick<Call, 'policy' | 'caller' | 'rule'>, other?: string): string {
  const userId = other === undefined || other === '' ? call.caller.userId : other;
  requireOwnRule(call, { user_id: userId });
  return userId;
}

function briefly({ name, publicKey, fingerprint, type }: KeyPair): {
  name: string;
  public_key: string;
  fingerprint: string;
  type: KeyType;
} {
  return { name, public_key: publicKey, fingerprint, type };
}

function view({ version }: Pick<Call, 'version'>, shown: View): View {
  return steppedDown(shown, version, steps, undefined);
}
