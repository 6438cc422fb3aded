/** The key that a server gets, of the caller's key pairs. */
import { ComputeError } from '#core/errors.ts';
import type { KeyPair, ServerKey } from '#core/key-pairs/key-pair.ts';
import type { Call } from '../../requests/route.ts';

/**
 * null without a name. Throws `invalid` when the caller has no such pair; whose server it is does
 * not count. Source: Nova `API.rebuild`, `_validate_and_build_base_options`.
 */
export async function keyNamed(
  { context, caller }: Pick<Call, 'context' | 'caller'>,
  name: string | null | undefined,
): Promise<KeyPair | null> {
  if (name === null || name === undefined) return null;
  const keyPair = await context.store.keyPairs.get(caller.userId, name);
  if (keyPair !== undefined) return keyPair;
  throw new ComputeError(
    'invalid',
    `Invalid key_name provided: no key pair '${name}' exists for user ${caller.userId}.`,
  );
}

/** What the server keeps of it. */
export function keptKey(key: KeyPair | null): ServerKey | null {
  return key === null ? null : { type: key.type, publicKey: key.publicKey };
}
