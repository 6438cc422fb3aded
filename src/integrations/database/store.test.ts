import { afterEach, describe } from 'vitest';
import { storeContract } from '#contracts/store/store.contract.ts';
import { writeMigrated } from '#test/migrated-database.ts';
import { freshFile } from '#test/fresh-file.ts';
import type { Store } from '#contracts/store/store.ts';
import { openStore } from './store.ts';

const opened: Store[] = [];

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
});

describe('the store on SQLite', () => {
  storeContract(async () => {
    const path = freshFile('store.db');
    await writeMigrated(path);
    return async () => {
      const { store } = await openStore(path);
      opened.push(store);
      return store;
    };
  });
});
