/** Key pairs of users. */
import type { KeyPair } from '#core/key-pairs/key-pair.ts';
import type { ConfiguredQuotas } from '#core/quotas/limits.ts';

export type NewKeyPair = Omit<KeyPair, 'id'>;

export interface KeyPairStore {
  /**
   * Throws `overQuota` when the user has as many as the project of the request allows, counted in
   * the transaction that adds it; `conflict` when the user has one of this name.
   */
  create(
    keyPair: NewKeyPair,
    within: { projectId: string; configured: ConfiguredQuotas },
  ): Promise<KeyPair>;
  /** Throws what `create` throws, and adds nothing: before a key is generated. */
  check(
    keyPair: Pick<KeyPair, 'userId' | 'name'>,
    within: { projectId: string; configured: ConfiguredQuotas },
  ): Promise<void>;
  get(userId: string, name: string): Promise<KeyPair | undefined>;
  /**
   * By name, those after the pair named `after`. Throws `invalid` when the user has none of that
   * name.
   */
  list(userId: string, page: { after?: string; limit: number }): Promise<KeyPair[]>;
  /** Throws `notFound`. Servers keep the key. */
  remove(userId: string, name: string): Promise<void>;
}
