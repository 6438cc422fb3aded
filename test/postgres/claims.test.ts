/** Processes that race for devices over PostgreSQL, as `npm run torture -- claims` lets them. */
import { afterEach, beforeEach, expect, inject, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '#test/postgres/database.ts';
import { temporaryDirectory } from '#test/processes/novella-process.ts';
import { runClaims } from '../torture/claims/run-claims.ts';

let folder: ReturnType<typeof temporaryDirectory>;
let database: TestDatabase;
beforeEach(async () => {
  folder = temporaryDirectory();
  database = await freshDatabase(inject('postgres'), 'empty');
});
afterEach(async () => {
  await database.drop();
  folder.remove();
});

const few = { claims: 300, processes: 3, hosts: 3, vfs: 3, seed: 1 };

test('no device is given twice, whoever is killed or paused', async () => {
  const events = { killEveryMs: 1_500, stopEveryMs: 1_000 };
  const place = { database: database.url, folder: folder.path };
  const result = await runClaims({ ...place, ...few, ...events });
  expect([...result.problems, ...result.violations]).toEqual([]);
}, 180_000);

test('a worker that does not check generations is found out', async () => {
  const place = { database: database.url, folder: folder.path };
  const result = await runClaims({ ...place, ...few, fault: 'stale-generation' });
  expect(result.violations).toContainEqual(expect.stringMatching(/: claim for .* went from /));
}, 180_000);
