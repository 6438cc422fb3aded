/** One server for all tests of a run, with a database of the newest schema to copy. */
import type { TestProject } from 'vitest/node';
import { openStore } from '#integrations/database/store.ts';
import { startCluster } from '#test/postgres/cluster.ts';
import { createDatabase, template } from '#test/postgres/database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of its database `postgres`. */
    postgres: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCluster();
  const server = cluster.url('postgres');
  await createDatabase(server, template);
  const { store } = await openStore(cluster.url(template));
  await store.close();
  project.provide('postgres', server);
  return cluster.stop;
}
