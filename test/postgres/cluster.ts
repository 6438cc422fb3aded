/** One server for all tests of a run, with a database of the newest schema to copy. */
import type { TestProject } from 'vitest/node';
import { startCluster } from '#test/postgres/cluster.ts';
import { createTemplate } from '#test/postgres/database.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The URL of its database `postgres`. */
    postgres: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startCluster();
  await createTemplate(cluster.url);
  project.provide('postgres', cluster.url('postgres'));
  return cluster.stop;
}
