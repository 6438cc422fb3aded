import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { afterEach, describe } from 'vitest';
import { identityStoreContract } from '#contracts/store/identity-store.contract.ts';
import { imageStoreContract } from '#contracts/store/image-store.contract.ts';
import { networkStoreContract } from '#contracts/store/network-store.contract.ts';
import { createIdentityStore } from './services/identity-store.ts';
import { createImageStore } from './services/image-store.ts';
import { createNetworkStore } from './services/network-store.ts';
import { migratedSqlite } from '#test/migrated-database.ts';

const closers: (() => Promise<void>)[] = [];

async function freshDatabase(): Promise<Kysely<unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'novella-store-'));
  const db = await migratedSqlite<unknown>(join(folder, 'novella.sqlite'));
  closers.push(async () => {
    await db.destroy();
    rmSync(folder, { recursive: true });
  });
  return db;
}

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe('identity store on SQLite', () => {
  identityStoreContract(async () => createIdentityStore(await freshDatabase()));
});
describe('network store on SQLite', () => {
  networkStoreContract(async () => createNetworkStore(await freshDatabase()));
});
describe('image store on SQLite', () => {
  imageStoreContract(async () => createImageStore(await freshDatabase()));
});
