/** The suites of every store, on PostgreSQL. */
import type { Kysely } from 'kysely';
import { afterEach, describe, inject } from 'vitest';
import { identityStoreContract } from '#contracts/store/identity-store.contract.ts';
import { imageStoreContract } from '#contracts/store/image-store.contract.ts';
import { networkStoreContract } from '#contracts/store/network-store.contract.ts';
import { storeContract } from '#contracts/store/store.contract.ts';
import type { ComputeTables } from '#integrations/database/engine/tables.ts';
import { createIdentityStore } from '#integrations/database/services/identity-store.ts';
import { createImageStore } from '#integrations/database/services/image-store.ts';
import { createNetworkStore } from '#integrations/database/services/network-store.ts';
import { openStore } from '#integrations/database/store.ts';
import { freshDatabase } from '#test/postgres/database.ts';

const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function freshUrl(): Promise<string> {
  const { url, drop } = await freshDatabase(inject('postgres'));
  closers.push(drop);
  return url;
}

async function opened(url: string) {
  const one = await openStore(url);
  closers.push(() => one.store.close());
  return one;
}

async function aDatabase<Tables = ComputeTables>(): Promise<Kysely<Tables>> {
  const { db } = await opened(await freshUrl());
  return db as unknown as Kysely<Tables>;
}

describe('the store on PostgreSQL', () => {
  storeContract(async () => {
    const url = await freshUrl();
    return async () => (await opened(url)).store;
  });
});
describe('the identity store on PostgreSQL', () => {
  identityStoreContract(async () => createIdentityStore(await aDatabase()));
});
describe('the network store on PostgreSQL', () => {
  networkStoreContract(async () => createNetworkStore(await aDatabase()));
});
describe('the image store on PostgreSQL', () => {
  imageStoreContract(async () => createImageStore(await aDatabase()));
});
