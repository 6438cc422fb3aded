import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Kysely } from 'kysely';
import { afterEach, describe } from 'vitest';
import { identityStoreContract } from '#contracts/identity-store.contract.ts';
import { imageStoreContract } from '#contracts/image-store.contract.ts';
import { networkStoreContract } from '#contracts/network-store.contract.ts';
import { createIdentityStore } from './identity-store.ts';
import { createImageStore } from './image-store.ts';
import { migrate } from './migrate.ts';
import { createNetworkStore } from './network-store.ts';
import { openSqlite } from './sqlite.ts';

const closers: (() => Promise<void>)[] = [];

async function freshDatabase(): Promise<Kysely<unknown>> {
  const folder = mkdtempSync(join(tmpdir(), 'novella-store-'));
  const db = openSqlite<unknown>(join(folder, 'novella.sqlite'));
  closers.push(async () => {
    await db.destroy();
    rmSync(folder, { recursive: true });
  });
  await migrate(db);
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
